import { draw, pick } from '../seeded.ts';
import type { Person } from '../shop/orders.ts';

const firstNames = ['Анна', 'Мария', 'Ольга', 'Елена', 'Дарья', 'Ирина', 'Софья', 'Вера', 'Полина', 'Ксения'] as const;
const lastNames = ['Иванова', 'Смирнова', 'Кузнецова', 'Попова', 'Соколова', 'Лебедева', 'Новикова', 'Орлова'] as const;
const mailNames = ['anna', 'maria', 'olga', 'elena', 'daria', 'irina', 'sofia', 'vera', 'polina', 'ksenia'] as const;

/** An invented customer: a name, a mobile number of Russia's plan, an address in a domain reserved for examples. */
export function personFor(orderId: string): Person {
  const digits = String(Math.floor(draw(`${orderId}:phone`) * 1e9)).padStart(9, '0');
  return {
    name: `${pick(firstNames, `${orderId}:first`)} ${pick(lastNames, `${orderId}:last`)}`,
    phone: `+79${digits}`,
    email: `${pick(mailNames, `${orderId}:mail`)}.${digits.slice(0, 4)}@example.com`,
  };
}

const channels = ['web', 'web', 'web', 'mobile', 'showroom'] as const;
const products = ['ring', 'ring', 'earrings', 'pendant', 'bracelet'] as const;

/** Where the order comes from and what is ordered, as telemetry describes it. */
export function wishFor(orderId: string): { 'order.channel': string; 'order.product': string } {
  return {
    'order.channel': pick(channels, `${orderId}:channel`),
    'order.product': pick(products, `${orderId}:product`),
  };
}

/** A small 3D model in STL's text form: a few facets, 1 to 5 KiB. */
export function modelFor(orderId: string): Buffer {
  const facets = Array.from({ length: 8 + Math.floor(draw(`${orderId}:facets`) * 24) }, (_, index) => {
    const [x, y, z] = ['x', 'y', 'z'].map((axis) => (draw(`${orderId}:${index}:${axis}`) * 20).toFixed(3));
    const loop = `vertex 0 0 0\n      vertex ${x} ${y} 0\n      vertex ${x} 0 ${z}`;
    return `  facet normal 0 0 1\n    outer loop\n      ${loop}\n    endloop\n  endfacet`;
  });
  return Buffer.from(`solid ring\n${facets.join('\n')}\nendsolid ring\n`);
}
