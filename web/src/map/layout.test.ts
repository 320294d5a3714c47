import { describe, expect, it } from 'vitest';
import type { Lifecycle } from '../../../src/api/contract/index.ts';
import { guardEdges } from './guards.ts';
import { layoutMap, type Rect, withUnknown } from './layout.ts';

const OWNERS = [
  ['INITIATED', 'shop'],
  ['FILE_UPLOADED', 'shop'],
  ['SUBMITTED', 'shop'],
  ['PRICE_CALCULATED', 'mes'],
  ['MANUFACTURING_APPROVED', 'crm'],
  ['MANUFACTURING_STARTED', 'mes'],
  ['CLOSED', 'crm'],
] as const;
const label = { ru: '', en: '' };

const jewelry: Lifecycle = {
  name: 'jewelry',
  version: '1',
  label,
  calendar: null,
  initial: 'INITIATED',
  targetMs: null,
  regions: [],
  systems: ['shop', 'mes', 'crm'].map((id) => ({ id, label })),
  statuses: OWNERS.map(([id, system]) => ({ id, system, region: null, label, targetMs: null, final: id === 'CLOSED' })),
  transitions: OWNERS.slice(1).map(([to], index) => ({ from: OWNERS[index]?.[0] ?? '', to, requires: [] })),
};

function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('layoutMap', () => {
  it.each([1400, 1140, 984, 700, 366])('keeps every node inside its lane and off every other at %d pixels', (width) => {
    const layout = layoutMap(jewelry, width);
    const nodes = [...layout.nodes.entries()];
    expect(nodes).toHaveLength(OWNERS.length);
    for (const [status, rect] of nodes) {
      const system = OWNERS.find(([id]) => id === status)?.[1];
      const lane = layout.lanes.find((candidate) => candidate.system === system);
      expect(rect.x).toBeGreaterThanOrEqual(lane?.x ?? Infinity);
      expect(rect.x + rect.width).toBeLessThanOrEqual((lane?.x ?? 0) + (lane?.width ?? 0));
      expect(rect.y + rect.height).toBeLessThanOrEqual((lane?.y ?? 0) + (lane?.height ?? 0));
      const overlapping = nodes.filter(([other, otherRect]) => other !== status && overlap(rect, otherRect));
      expect(overlapping).toEqual([]);
    }
  });

  it('gives the same places whenever it is asked', () => {
    expect(layoutMap(jewelry, 1200)).toEqual(layoutMap(jewelry, 1200));
  });

  it('starts every region at the beginning', () => {
    const billing = ['BILLED', 'PAID'].map((id) => ({
      id,
      system: 'crm',
      region: 'pay',
      label,
      targetMs: null,
      final: id === 'PAID',
    }));
    const parallel: Lifecycle = {
      ...jewelry,
      regions: [
        { id: 'make', label, initial: 'INITIATED', startsWhen: [], optional: false },
        { id: 'pay', label, initial: 'BILLED', startsWhen: [], optional: false },
      ],
      statuses: [...jewelry.statuses, ...billing],
      transitions: [...jewelry.transitions, { from: 'BILLED', to: 'PAID', requires: [] }],
    };
    const { nodes } = layoutMap(parallel, 1200);
    expect(nodes.get('BILLED')?.x).toBe(nodes.get('INITIATED')?.x);
    expect(nodes.get('PAID')?.x).toBeGreaterThan(nodes.get('BILLED')?.x ?? Infinity);
  });

  it.each([1400, 700, 366])(
    'frames regions, which neither mix nor begin before what they wait for, at %d pixels',
    (width) => {
      const statuses = [
        ['TAKEN', 'make', 'mes'],
        ['MADE', 'make', 'mes'],
        ['ASKED', 'engrave', 'mes'],
        ['ENGRAVED', 'engrave', 'mes'],
        ['SENT', 'send', 'shop'],
      ].map(([id = '', region = '', system = '']) => ({ id, region, system, label, targetMs: null, final: false }));
      const parallel: Lifecycle = {
        ...jewelry,
        regions: [
          { id: 'make', label, initial: 'TAKEN', startsWhen: [], optional: false },
          { id: 'engrave', label, initial: 'ASKED', startsWhen: ['MADE'], optional: true },
          { id: 'send', label, initial: 'SENT', startsWhen: ['MADE', 'ENGRAVED'], optional: false },
        ],
        statuses,
        transitions: [
          { from: 'TAKEN', to: 'MADE', requires: [] },
          { from: 'ASKED', to: 'ENGRAVED', requires: [] },
        ],
      };
      const layout = layoutMap(parallel, width);
      for (const box of layout.regions) {
        const inside = statuses.filter(({ id }) => overlap(box, layout.nodes.get(id) ?? box)).map(({ id }) => id);
        const own = statuses.filter((each) => each.region === box.region && each.system === box.system);
        expect(inside).toEqual(own.map(({ id }) => id));
        const lane = layout.lanes.find(({ system }) => system === box.system);
        expect(box.y).toBeGreaterThan(lane?.y ?? Infinity);
        expect(box.y + box.height).toBeLessThanOrEqual((lane?.y ?? 0) + (lane?.height ?? 0));
      }
      expect(layout.regions).toHaveLength(3);
      const along = (id: string) => layout.nodes.get(id)?.[layout.orientation === 'rows' ? 'x' : 'y'] ?? 0;
      expect(along('ASKED')).toBeGreaterThan(along('MADE'));
      expect(along('SENT')).toBeGreaterThan(along('ASKED'));
      expect(guardEdges(layout, parallel).map(({ from, to }) => `${from}>${to}`)).toEqual([
        'MADE>ASKED',
        'MADE>SENT',
        'ENGRAVED>SENT',
      ]);
    },
  );

  it('stacks statuses that share a lane and a depth', () => {
    const forked: Lifecycle = {
      ...jewelry,
      statuses: [
        ...jewelry.statuses,
        { id: 'CANCELLED', system: 'shop', region: null, label, targetMs: null, final: true },
      ],
      transitions: [...jewelry.transitions, { from: 'INITIATED', to: 'CANCELLED', requires: [] }],
    };
    const { nodes } = layoutMap(forked, 1200);
    const uploaded = nodes.get('FILE_UPLOADED');
    const cancelled = nodes.get('CANCELLED');
    expect(uploaded?.x).toBe(cancelled?.x);
    expect(uploaded?.y).not.toBe(cancelled?.y);
  });
});

describe('withUnknown', () => {
  it('moves nothing that already stands', () => {
    const layout = layoutMap(jewelry, 1200);
    const more = withUnknown(layout, ['ON_HOLD', 'LOST']);
    for (const [status, rect] of layout.nodes) expect(more.nodes.get(status)).toEqual(rect);
    expect(more.nodes.get('ON_HOLD')?.y).toBeGreaterThan(layout.height);
  });
});
