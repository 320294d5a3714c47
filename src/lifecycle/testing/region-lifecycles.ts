import * as fc from 'fast-check';
import { checkCombinations } from '../combinations.ts';
import type { Lifecycle, LifecycleRegion } from '../definition.ts';
import { LABEL, lifecycles } from './sound-lifecycles.ts';

/** A region in a short text: `b? (A2 A3): B1 B2!` is optional, may begin in A2 or A3, and has B1 (initial) and B2 (final). */
const REGION = /^(\w+)(\?)?(?: \((.+)\))?: (.+)$/;
/** `A1>A2[B1 B2]`: an edge, here with a guard. Edges out of final statuses to others reopen. */
const EDGE = /^(\w+)>(\w+)(?:\[(.+)\])?$/;

/** Makes a lifecycle with regions from short texts; each region belongs to a system of the same name with the service `<name>-api`. */
export function regionsOf(regions: readonly string[], edges: readonly string[]): Lifecycle {
  const read = regions.map((text) => {
    const [, id = '', optional, starts = '', members = ''] = REGION.exec(text) ?? [];
    const statuses = members.split(' ').map((each) => ({ id: each.replace('!', ''), final: each.endsWith('!') }));
    return { id, statuses, optional: optional === '?', startsWhen: starts.split(' ').filter((each) => each !== '') };
  });
  const finals = new Set(read.flatMap(({ statuses }) => statuses.filter(({ final }) => final).map(({ id }) => id)));
  return {
    name: 'regions',
    version: '1',
    label: LABEL,
    initial: read[0]?.statuses[0]?.id ?? '',
    target: null,
    calendar: null,
    regions: read.map(({ id, statuses, optional, startsWhen }) => ({
      id,
      label: LABEL,
      initial: statuses[0]?.id ?? '',
      optional,
      startsWhen,
    })),
    systems: read.map(({ id }) => ({ id, label: LABEL, services: [`${id}-api`] })),
    statuses: read.flatMap(({ id: region, statuses }) =>
      statuses.map(({ id, final }) => ({
        id,
        system: region,
        reportedBy: [],
        region,
        label: LABEL,
        target: null,
        final,
      })),
    ),
    transitions: edges.map((text) => {
      const [, from = '', to = '', guard = ''] = EDGE.exec(text) ?? [];
      const requires = guard.split(' ').filter((each) => each !== '');
      return { from, to, reopen: finals.has(from) && from !== to, requires };
    }),
  };
}

/** Two machines side by side: an item is made while a parcel waits for it, and engraved meanwhile if somebody asked for it. */
export const WORKSHOP = regionsOf(
  ['make: TAKEN MADE CHECKED!', 'send (MADE CHECKED): PACKED SENT!', 'engrave? (MADE): ASKED ENGRAVED!'],
  ['TAKEN>MADE', 'MADE>CHECKED', 'PACKED>SENT[CHECKED]', 'ASKED>ENGRAVED'],
);

/**
 * Sound lifecycles of 2 or 3 regions of up to 4 statuses each, with whatever guards out of a random list leave them sound.
 * Some of the regions wait for others to begin, and some may be left out.
 */
export const regionLifecycles: fc.Arbitrary<Lifecycle> = fc
  .tuple(
    fc.array(lifecycles, { minLength: 2, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.array(fc.nat(), { minLength: 1, maxLength: 3 })), { maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(), fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), fc.boolean()), { maxLength: 2 }),
  )
  .map(([parts, guards, starts]) => {
    let lifecycle = sideBySide(parts.map(firstFour));
    for (const [index, statuses] of guards) {
      const edge = lifecycle.transitions[index % Math.max(1, lifecycle.transitions.length)];
      if (edge === undefined) continue;
      const requires = othersThan(lifecycle, edge.from, statuses);
      const transitions = lifecycle.transitions.map((each) => (each === edge ? { ...each, requires } : each));
      lifecycle = ifSound({ ...lifecycle, transitions }, lifecycle);
    }
    for (const [index, statuses, optional] of starts) {
      const region = lifecycle.regions[1 + (index % (lifecycle.regions.length - 1))];
      if (region === undefined) continue;
      const changed: LifecycleRegion = {
        ...region,
        optional,
        startsWhen: othersThan(lifecycle, region.initial, statuses),
      };
      const regions = lifecycle.regions.map((each) => (each === region ? changed : each));
      lifecycle = ifSound({ ...lifecycle, regions }, lifecycle);
    }
    return lifecycle;
  });

function ifSound(changed: Lifecycle, lifecycle: Lifecycle): Lifecycle {
  return checkCombinations(changed, { transitions: [], starts: new Map() }).length === 0 ? changed : lifecycle;
}

function othersThan({ statuses }: Lifecycle, own: string, choices: readonly number[]): readonly string[] {
  const home = statuses.find(({ id }) => id === own)?.region;
  const others = statuses.filter(({ region }) => region !== home);
  return [...new Set(choices.map((choice) => others[choice % others.length]?.id ?? ''))];
}

/** The part of a sound lifecycle that has only its first four statuses stays sound when the last of them becomes final. */
function firstFour(lifecycle: Lifecycle): Lifecycle {
  const kept = new Set(['S0', 'S1', 'S2', 'S3'].slice(0, lifecycle.statuses.length));
  const last = `S${kept.size - 1}`;
  const inside = lifecycle.transitions.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const stranded = [...kept].filter((id) => id !== last && !inside.some(({ from, to }) => from === id && to > id));
  const statuses = lifecycle.statuses
    .filter(({ id }) => kept.has(id))
    .map((status) => ({ ...status, final: status.final || status.id === last || stranded.includes(status.id) }));
  const finals = new Set(statuses.filter(({ final }) => final).map(({ id }) => id));
  const transitions = inside.map((edge) => ({ ...edge, reopen: finals.has(edge.from) && edge.from !== edge.to }));
  return { ...lifecycle, statuses, transitions };
}

function name(region: number, id: string): string {
  return `R${region}${id}`;
}

function sideBySide(parts: readonly Lifecycle[]): Lifecycle {
  return {
    name: 'random',
    version: '1',
    label: LABEL,
    initial: 'R0S0',
    target: null,
    calendar: null,
    regions: parts.map((_, index) => ({
      id: `r${index}`,
      label: LABEL,
      initial: name(index, 'S0'),
      startsWhen: [],
      optional: false,
    })),
    systems: [{ id: 'x', label: LABEL, services: [] }],
    statuses: parts.flatMap(({ statuses }, index) =>
      statuses.map((status) => ({ ...status, id: name(index, status.id), region: `r${index}` })),
    ),
    transitions: parts.flatMap(({ transitions }, index) =>
      transitions.map((edge) => ({ ...edge, from: name(index, edge.from), to: name(index, edge.to) })),
    ),
  };
}
