import type { Lifecycle } from '../definition.ts';
import { compileMachine, type Machine } from '../machine.ts';

/** Compiles a machine from a short text: `A B C!` are statuses (`!` final, the first is initial), `A>B` an edge. */
export function machineOf(statuses: string, edges: string): Machine {
  const label = { ru: 'а', en: 'a' };
  const listed = statuses.split(' ').map((text) => ({ id: text.replace('!', ''), final: text.endsWith('!') }));
  const finals = new Set(listed.filter(({ final }) => final).map(({ id }) => id));
  const lifecycle: Lifecycle = {
    name: 'test',
    version: '1',
    label,
    initial: listed[0]?.id ?? '',
    target: null,
    calendar: null,
    regions: [],
    systems: [{ id: 'x', label, services: [] }],
    statuses: listed.map((each) => ({ ...each, system: 'x', reportedBy: [], region: null, label, target: null })),
    transitions: edges.split(' ').map((edge) => {
      const [from = '', to = ''] = edge.split('>');
      return { from, to, reopen: finals.has(from) && from !== to, requires: [] };
    }),
  };
  return compileMachine(lifecycle);
}

const LINE = ['A_SUBMITTED', 'A_PARTLYSUBMITTED', 'A_PREACCEPTED', 'A_ACCEPTED', 'A_FINALIZED'] as const;
const REFUSALS = ['A_DECLINED', 'A_CANCELLED'] as const;
const GRANTS = ['A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED'] as const;

/** The loan application of the BPI Challenge 2012: 10 statuses, 21 edges, 5 finals. */
export function loanMachine(): Machine {
  const onward = LINE.slice(1).map((to, index) => `${LINE[index]}>${to}`);
  const refused = LINE.slice(1).flatMap((from) => REFUSALS.map((to) => `${from}>${to}`));
  const granted = GRANTS.map((to) => `A_FINALIZED>${to}`);
  const among = GRANTS.flatMap((from) => GRANTS.filter((to) => to !== from).map((to) => `${from}>${to}`));
  const finals = [...REFUSALS, ...GRANTS].map((status) => `${status}!`);
  return machineOf([...LINE, ...finals].join(' '), [...onward, ...refused, ...granted, ...among].join(' '));
}
