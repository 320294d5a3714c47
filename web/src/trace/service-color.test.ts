import { describe, expect, it } from 'vitest';
import { serviceColors } from './service-color.ts';

describe('serviceColors', () => {
  it('gives different colours to the services of a trace, in whatever order they come', () => {
    const services = ['customer', 'shop-api', 'crm-api', 'mes-api', 'rabbitmq'];
    const colors = serviceColors(services);
    expect(new Set(colors.values()).size).toBe(services.length);
    expect(serviceColors(services.toReversed())).toEqual(colors);
  });

  it('repeats colours rather than failing when there are too many services', () => {
    const services = Array.from({ length: 25 }, (_, index) => `service-${index}`);
    expect(serviceColors(services).size).toBe(25);
  });
});
