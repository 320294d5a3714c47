import { describe, expect, it } from 'vitest';
import { edgeShape, edgeWidth } from './edge-path.ts';
import type { MapLayout } from './layout.ts';

const layout: MapLayout = {
  orientation: 'rows',
  width: 600,
  height: 300,
  lanes: [],
  regions: [],
  nodes: new Map([
    ['A', { x: 0, y: 30, width: 100, height: 60 }],
    ['B', { x: 150, y: 30, width: 100, height: 60 }],
    ['C', { x: 300, y: 30, width: 100, height: 60 }],
    ['D', { x: 340, y: 180, width: 100, height: 60 }],
  ]),
};

describe('edgeShape', () => {
  it('joins neighbours of a lane straight', () => {
    expect(edgeShape(layout, 'A', 'B')?.path).toMatch(/^M100\.0,60\.0 .* 150\.0,60\.0$/);
  });

  it('bows over a node that lies between', () => {
    expect(edgeShape(layout, 'A', 'C')?.labelY).toBeLessThan(30);
  });

  it('bows under the lane on the way back', () => {
    expect(edgeShape(layout, 'C', 'A')?.labelY).toBeGreaterThan(90);
  });

  it('leaves through the side that faces the other lane when nodes overlap', () => {
    expect(edgeShape(layout, 'C', 'D')?.path).toMatch(/^M370\.0,90\.0 .* 370\.0,180\.0$/);
  });

  it('draws nothing to a node that is not there', () => {
    expect(edgeShape(layout, 'A', 'X')).toBeUndefined();
  });
});

describe('edgeWidth', () => {
  it('grows with the traffic and never vanishes', () => {
    expect(edgeWidth(100, 100)).toBe(9);
    expect(edgeWidth(1, 100)).toBeGreaterThan(1.5);
    expect(edgeWidth(0, 0)).toBe(1.5);
  });
});
