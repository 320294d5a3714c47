import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Lifecycle } from './definition.ts';
import { toMermaid } from './export-mermaid.ts';
import { requireLifecycle } from './parse.ts';

const label = { ru: 'Заказ "x"; #1 <b>', en: 'Order' };

const ODD: Lifecycle = {
  name: 'odd',
  version: '2',
  label,
  initial: 'end',
  target: null,
  calendar: null,
  regions: [],
  systems: [
    { id: 'unused', label: { ru: 'Нет', en: 'None' }, services: [] },
    { id: 'a b', label: { ru: 'Система', en: 'System' }, services: [] },
  ],
  statuses: [
    { id: 'end', system: 'a b', reportedBy: [], region: null, label, target: null, final: false },
    { id: 'status_1', system: 'a b', reportedBy: [], region: null, label, target: null, final: false },
    { id: 'Отправлен', system: 'a b', reportedBy: [], region: null, label, target: null, final: true },
  ],
  transitions: [
    { from: 'end', to: 'status_1', reopen: false, requires: [] },
    { from: 'status_1', to: 'status_1', reopen: false, requires: [] },
    { from: 'status_1', to: 'Отправлен', reopen: false, requires: [] },
    { from: 'Отправлен', to: 'end', reopen: true, requires: [] },
  ],
};

describe('toMermaid', () => {
  test('draws the jewelry lifecycle with labels, systems, initial and final in both languages', () => {
    const file = new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url);
    const lifecycle = requireLifecycle(readFileSync(file, 'utf8'), 'lifecycle.yaml');
    const english = toMermaid(lifecycle, 'en').split('\n');
    expect(english.slice(0, 4)).toEqual(['---', 'title: "Jewelry order"', '---', 'stateDiagram-v2']);
    expect(english).toContain('  state "Price calculated · MES" as PRICE_CALCULATED');
    expect(english).toContain('  [*] --> INITIATED');
    expect(english).toContain('  SHIPPED --> CLOSED');
    expect(english).toContain('  CLOSED --> [*]');
    expect(english.filter((line) => line.includes('-->'))).toHaveLength(11);
    expect(english).toContain('  class INITIATED,FILE_UPLOADED,SUBMITTED system_1');
    expect(toMermaid(lifecycle, 'ru')).toContain('state "Стоимость рассчитана · MES" as PRICE_CALCULATED');
  });

  test('gives ids that Mermaid cannot read another name that nothing else has', () => {
    const text = toMermaid(ODD, 'en');
    expect(text).toContain('as status_1_\n');
    expect(text).toContain('as status_1\n');
    expect(text).toContain('as status_3\n');
    expect(text).toContain('[*] --> status_1_\n');
    expect(text).toContain('status_1 --> status_1\n');
    expect(text).toContain('status_3 --> status_1_ : reopen\n');
    expect(text).toContain('class status_1_,status_1,status_3 system_1\n');
  });

  test('writes what has a meaning in Mermaid or HTML as entities, and leaves out systems without statuses', () => {
    const text = toMermaid(ODD, 'ru');
    expect(text).toContain('state "Заказ #34;x#34;#59; #35;1 #60;b#62; · Система" as');
    expect(text).toContain('title: "Заказ \\"x\\"; #1 <b>"');
    expect(text).not.toContain('Нет');
    expect(text).toContain(': возобновление\n');
  });
});
