import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lifecycle } from './definition.ts';
import { toPnml } from './export-pnml.ts';
import { reach } from './graph.ts';
import { compileMachine, type Machine } from './machine.ts';
import { requireLifecycle } from './parse.ts';
import { lifecycles, oddlyNamedLifecycles } from './testing/sound-lifecycles.ts';
import { childrenOf, parseXml, type XmlElement } from './testing/xml-tree.ts';

const FILE = new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url);
const JEWELRY = requireLifecycle(readFileSync(FILE, 'utf8'), 'lifecycle.yaml');

interface NetTransition {
  readonly name: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface Net {
  readonly initial: ReadonlyMap<string, number>;
  readonly places: readonly string[];
  readonly transitions: readonly NetTransition[];
}

function attribute(element: XmlElement, name: string): string {
  return element.attributes.get(name) ?? '';
}

function textOf(element: XmlElement, name: string): string {
  return childrenOf(childrenOf(element, name)[0], 'text')[0]?.text ?? '';
}

function readNet(document: string): Net {
  const root = parseXml(document);
  const page = childrenOf(childrenOf(root, 'net')[0], 'page')[0];
  const places = childrenOf(page, 'place');
  const nodes = [...places, ...childrenOf(page, 'transition')].map((each) => attribute(each, 'id'));
  const arcs = childrenOf(page, 'arc').map((each) => [attribute(each, 'source'), attribute(each, 'target')] as const);
  for (const id of arcs.flat()) expect(nodes).toContain(id);
  const ids = ['lifecycle', 'page', ...(page?.children.map((each) => attribute(each, 'id')) ?? [])];
  expect(new Set(ids).size).toBe(ids.length);
  return {
    places: places.map((each) => attribute(each, 'id')),
    initial: new Map(
      places
        .map((each) => [attribute(each, 'id'), Number(textOf(each, 'initialMarking'))] as const)
        .filter(([, n]) => n > 0),
    ),
    transitions: childrenOf(page, 'transition').map((each) => {
      const silent = childrenOf(each, 'toolspecific').some((tool) => attribute(tool, 'activity') === '$invisible$');
      const id = attribute(each, 'id');
      return {
        name: silent ? null : textOf(each, 'name'),
        inputs: arcs.filter(([, target]) => target === id).map(([source]) => source),
        outputs: arcs.filter(([source]) => source === id).map(([, target]) => target),
      };
    }),
  };
}

type Marking = ReadonlyMap<string, number>;

/** Every marking after the enabled transitions of that name (null: silent) have fired. */
function fire({ transitions }: Net, marking: Marking, name: string | null): Marking[] {
  const enabled = transitions.filter((each) => each.name === name && each.inputs.every((place) => marking.has(place)));
  return enabled.map(({ inputs, outputs }) => {
    const after = new Map(marking);
    const add = (place: string, count: number): void => {
      const tokens = (after.get(place) ?? 0) + count;
      if (tokens === 0) after.delete(place);
      else after.set(place, tokens);
    };
    for (const place of inputs) add(place, -1);
    for (const place of outputs) add(place, 1);
    return after;
  });
}

/** Plays the token game: how far the statuses can be fired, and whether exactly one token in `end` can then remain. */
function replay(net: Net, statuses: readonly string[]): { fired: number; ends: boolean } {
  let markings: Marking[] = [net.initial];
  for (const [index, status] of statuses.entries()) {
    const next = markings.flatMap((marking) => fire(net, marking, status));
    if (next.length === 0) return { fired: index, ends: false };
    markings = next;
  }
  const finished = markings.flatMap((marking) => fire(net, marking, null));
  return { fired: statuses.length, ends: finished.some((marking) => marking.size === 1 && marking.get('end') === 1) };
}

/** `start` has no way in and `end` none out, and every node lies on a way between them (van der Aalst 1998). */
function expectWorkflowNet({ initial, places, transitions }: Net): void {
  expect([...initial]).toEqual([['start', 1]]);
  const onward = new Map(places.map((place) => [place, [] as string[]]));
  const back = new Map(places.map((place) => [place, [] as string[]]));
  for (const { inputs, outputs } of transitions) {
    // One token in, one out: every reachable marking is a single token, so ways between places prove soundness.
    expect([inputs.length, outputs.length]).toEqual([1, 1]);
    onward.get(inputs[0] ?? '')?.push(outputs[0] ?? '');
    back.get(outputs[0] ?? '')?.push(inputs[0] ?? '');
  }
  expect(places.filter((place) => back.get(place)?.length === 0)).toEqual(['start']);
  expect(places.filter((place) => onward.get(place)?.length === 0)).toEqual(['end']);
  expect(new Set(reach(['start'], (place) => onward.get(place) ?? []))).toEqual(new Set(places));
  expect(new Set(reach(['end'], (place) => back.get(place) ?? []))).toEqual(new Set(places));
}

describe('toPnml', () => {
  test('writes the jewelry lifecycle as a place/transition net that its statuses fire from start to end', () => {
    const document = toPnml(JEWELRY, 'ru');
    expect(document).toContain('<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">');
    expect(document).toContain('type="http://www.pnml.org/version-2009/grammar/ptnet"');
    expect(document).toContain('<place id="p9"><name><text>Отправлен</text></name></place>');
    const net = readNet(document);
    expectWorkflowNet(net);
    expect(net.places).toHaveLength(12);
    expect(net.transitions).toHaveLength(11);
    const line = JEWELRY.statuses.map(({ id }) => id);
    expect(replay(net, line)).toEqual({ fired: 10, ends: true });
    expect(replay(net, line.slice(0, -1))).toEqual({ fired: 9, ends: false });
    expect(replay(net, line.toSpliced(3, 1))).toEqual({ fired: 3, ends: false });
  });

  test('is a sound workflow net that fires exactly the sequences that the lifecycle allows', () => {
    const walks = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(lifecycles, oddlyNamedLifecycles), walks, walks, (lifecycle, choices, anything) => {
        const machine = compileMachine(withWritableIds(lifecycle));
        const net = readNet(toPnml(machine.lifecycle, 'en'));
        expectWorkflowNet(net);
        for (const sequence of sequencesOf(machine, choices, anything)) {
          expect(replay(net, sequence)).toEqual(verdict(machine, sequence));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('writes what has a meaning in XML as references, and what XML lacks as U+FFFD', () => {
    const label = { ru: '\ud800', en: 'a\u0001 <b> & "c" ]]>\r\n' };
    const document = toPnml({ ...JEWELRY, label }, 'en');
    expect(document).toContain('<text>a\ufffd &lt;b&gt; &amp; &quot;c&quot; ]]&gt;&#13;&#10;</text>');
    expect(toPnml({ ...JEWELRY, label }, 'ru')).toContain('<text>\ufffd</text>');
  });
});

/** Replay goes by names, so two statuses must not become the same one for want of a character in XML. */
function withWritableIds(lifecycle: Lifecycle): Lifecycle {
  const id = (status: string): string => (/[\ud800\ufffe]/.test(status) ? `no ${status.codePointAt(0)}` : status);
  return {
    ...lifecycle,
    initial: id(lifecycle.initial),
    statuses: lifecycle.statuses.map((status) => ({ ...status, id: id(status.id) })),
    transitions: lifecycle.transitions.map((edge) => ({ ...edge, from: id(edge.from), to: id(edge.to) })),
  };
}

/** Walks along the edges, any statuses, and the one after the other. */
function sequencesOf(machine: Machine, choices: readonly number[], anything: readonly number[]): readonly string[][] {
  const { initial, statuses } = machine.lifecycle;
  const way = [initial];
  for (const choice of choices) {
    const next = machine.successors(way.at(-1) ?? '');
    if (next.length > 0) way.push(next[choice % next.length] ?? '');
  }
  const others = anything.map((choice) => statuses[choice % statuses.length]?.id ?? '');
  return [way, others, [...way, ...others]];
}

/** How far the machine allows the statuses, and whether the order is then complete. */
function verdict(machine: Machine, statuses: readonly string[]): { fired: number; ends: boolean } {
  const wrong = statuses.findIndex((to, index) =>
    index === 0 ? to !== machine.lifecycle.initial : !machine.allows(statuses[index - 1] ?? '', to),
  );
  return wrong < 0
    ? { fired: statuses.length, ends: machine.isFinal(statuses.at(-1) ?? '') }
    : { fired: wrong, ends: false };
}
