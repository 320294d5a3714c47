import { describe, expect, it } from 'vitest';
import { formatShare, largest, meanParts, visitParts } from './parts.ts';

const visit = {
  services: [
    { service: 'mes', ms: 60 },
    { service: 'shop', ms: 20 },
  ],
  queueMs: 0,
  externalMs: 10,
  externals: [{ name: 'postgresql', ms: 10 }],
  idleMs: 30,
  spanCount: 4,
  anomalyCount: 0,
};

describe('a share', () => {
  it('neither hides what is little nor rounds up to everything', () => {
    const shares = [0, 0.00001, 0.0005, 0.004, 0.256, 0.9971, 0.99999, 1, 1.5];
    expect(shares.map((share) => formatShare(share, 'en'))).toEqual([
      '0%',
      '<\u00a00.1%',
      '0.1%',
      '0.4%',
      '26%',
      '99.7%',
      '99.9%',
      '100%',
      '150%',
    ]);
  });
});

describe('the parts of a visit', () => {
  it('come as services, then calls, queues and idle time, without empty ones, as shares of the visit', () => {
    const parts = visitParts(visit, 100);
    expect(parts.map((part) => (part.kind === 'service' ? part.service : part.kind))).toEqual([
      'mes',
      'shop',
      'external',
      'idle',
    ]);
    expect(parts.map(({ share }) => share)).toEqual([0.6, 0.2, 0.1, 0.3]);
  });

  it('are none where the visit has no length', () => {
    expect(visitParts({ ...visit, services: [], externalMs: 0, idleMs: 0 }, 0)).toEqual([]);
  });

  it('tell the largest first', () => {
    expect(largest(visitParts(visit, 100), 2).map(({ ms }) => ms)).toEqual([60, 30]);
  });

  it('of an average visit are shares of the mean', () => {
    const found = {
      visits: 2,
      coverage: 1,
      meanMs: 200,
      services: [{ service: 'mes', meanMs: 50, share: 0.25 }],
      queueMeanMs: 100,
      queueShare: 0.5,
      externalMeanMs: 0,
      externalShare: 0,
      idleMeanMs: 50,
      idleShare: 0.25,
    };
    expect(meanParts(found)).toEqual([
      { kind: 'service', service: 'mes', ms: 50, share: 0.25 },
      { kind: 'queue', ms: 100, share: 0.5 },
      { kind: 'idle', ms: 50, share: 0.25 },
    ]);
  });
});
