import { describe, expect, test } from 'vitest';
import { parseLifecycle } from './parse.ts';
import type { ProblemCode } from './problem.ts';

/** A flat machine; line numbers of what the table below breaks stand in it. */
const FLAT = `name: parcel
version: '1'
label: {ru: Посылка, en: Parcel}
initial: NEW
systems:
  post: {label: {ru: Почта, en: Post}, services: [post-api]}
  shop: {label: {ru: Магазин, en: Shop}}
statuses:
  - {id: NEW, system: shop, label: {ru: Новая, en: New}}
  - {id: SENT, system: post, label: {ru: В пути, en: Sent}}
  - {id: DOOR, system: post, label: {ru: У двери, en: At the door}}
  - {id: DONE, system: post, label: {ru: Вручена, en: Done}, final: true}
transitions:
  - {from: NEW, to: [SENT]}
  - {from: SENT, to: [DOOR]}
  - {from: DOOR, to: [SENT, DONE]}
`;

/** Three regions: an item is made; meanwhile a parcel is prepared, which leaves when the item is done; engraving is optional. */
const REGIONS = `name: workshop
version: '1'
label: {ru: Мастерская, en: Workshop}
regions:
  - {id: make, label: {ru: Работа, en: Work}, initial: TAKEN}
  - {id: send, label: {ru: Отправка, en: Sending}, initial: BOXED, startsWhen: [MADE, CHECKED]}
  - {id: engrave, label: {ru: Гравировка, en: Engraving}, initial: ASKED, startsWhen: [MADE], optional: true}
systems: {shop: {label: {ru: Цех, en: Shop}}}
statuses:
  - {id: TAKEN, system: shop, region: make, label: {ru: а, en: a}}
  - {id: MADE, system: shop, region: make, label: {ru: а, en: a}}
  - {id: CHECKED, system: shop, region: make, label: {ru: а, en: a}, final: true}
  - {id: BOXED, system: shop, region: send, label: {ru: а, en: a}}
  - {id: AWAY, system: shop, region: send, label: {ru: а, en: a}, final: true}
  - {id: ASKED, system: shop, region: engrave, label: {ru: а, en: a}}
  - {id: CUT, system: shop, region: engrave, label: {ru: а, en: a}, final: true}
transitions:
  - {from: TAKEN, to: [MADE]}
  - {from: MADE, to: [CHECKED]}
  - {from: BOXED, to: [AWAY], requires: [CHECKED]}
  - {from: ASKED, to: [CUT]}
`;

type Change = readonly [from: string, to: string];
type Row = readonly [name: string, changes: readonly Change[], code: ProblemCode, line: number, message: string];

const STATUS = ', label: {ru: а, en: a}';

const FLAT_ROWS: readonly Row[] = [
  ['an initial status that does not exist', [['initial: NEW', 'initial: FRESH']], 'unknown_initial', 4, '`FRESH`'],
  ['no initial status', [['initial: NEW\n', '']], 'missing_key', 1, 'lacks `initial`'],
  [
    'an edge to a status that does not exist',
    [['[SENT]}', '[GONE]}']],
    'unknown_status',
    14,
    'leads to the status `GONE`',
  ],
  [
    'an edge from a status that does not exist',
    [['from: SENT', 'from: LOST']],
    'unknown_status',
    15,
    'leaves the status `LOST`',
  ],
  [
    'a status of a system that does not exist',
    [['id: NEW, system: shop', 'id: NEW, system: bank']],
    'unknown_system',
    9,
    'belongs to the system `bank`',
  ],
  [
    'a reporter that does not exist',
    [['DONE, system: post', 'DONE, system: post, reportedBy: [bank]']],
    'unknown_system',
    12,
    'is reported by the system `bank`',
  ],
  ['a status defined twice', [['id: DOOR', 'id: SENT']], 'duplicate_status', 11, 'defined twice'],
  ['an edge listed twice', [['[SENT, DONE]', '[DONE, DONE]']], 'duplicate_edge', 16, 'listed twice'],
  ['no final status', [[', final: true', '']], 'no_final', 8, 'no status is final'],
  [
    'an edge out of a final status',
    [['[SENT, DONE]}', '[DONE]}\n  - {from: DONE, to: [SENT]}']],
    'final_exit',
    17,
    '`DONE` is final',
  ],
  ['reopening what is not final', [['[SENT]}', '[SENT], reopen: true}']], 'misplaced_reopen', 14, 'not final'],
  ['a status that nothing leads to', [['[DOOR]', '[DONE]']], 'unreachable_status', 11, 'ever reach the status `DOOR`'],
  [
    'a status that leads nowhere',
    [['from: DOOR, to: [SENT, DONE]', 'from: SENT, to: [DONE]']],
    'cannot_finish',
    11,
    'nothing follows it, as after `NEW` → `SENT` → `DOOR`',
  ],
  [
    'a loop without an exit',
    [
      ['[SENT, DONE]', '[SENT]'],
      ['to: [DOOR]', 'to: [DOOR, SENT]'],
      ['to: [SENT]}\n  - {from: SENT', 'to: [SENT, DONE]}\n  - {from: SENT'],
    ],
    'cannot_finish',
    10,
    'can never finish: only',
  ],
  [
    'an edge that lies on no way to the end',
    [
      ['[SENT, DONE]}', '[DONE]}\n  - {from: NEW, to: [PIT]}'],
      ['transitions:', `  - {id: PIT, system: post${STATUS}}\ntransitions:`],
    ],
    'dead_edge',
    18,
    '`PIT` never leads to a final status',
  ],
  [
    'a region where there are none',
    [['id: NEW, system: shop', 'id: NEW, system: shop, region: a']],
    'misplaced_region',
    9,
    'the lifecycle has none',
  ],
  [
    'a guard where there are no regions',
    [['[SENT]}', '[SENT], requires: [DOOR]}']],
    'misplaced_region',
    14,
    'requires statuses of other regions',
  ],
  [
    'a target that is no duration',
    [['initial: NEW', 'initial: NEW\ntarget: 2 months']],
    'invalid_duration',
    5,
    '`2 months` is not a duration',
  ],
  [
    'a calendar in a zone that does not exist',
    [['systems:', 'calendar: {zone: Mars/Base, weekly: {monday: [09:00-18:00]}}\nsystems:']],
    'invalid_calendar',
    5,
    'not a known time zone',
  ],
  [
    'a calendar with hours that overlap',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly:\n    monday: [09:00-18:00, 17:00-19:00]\nsystems:']],
    'invalid_calendar',
    8,
    'overlap others',
  ],
  [
    'a calendar with an hour that does not exist',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly:\n    monday: [09:00-25:00]\nsystems:']],
    'invalid_calendar',
    8,
    'not a time of day',
  ],
  [
    'a calendar with hours that are none',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly:\n    monday: [morning]\nsystems:']],
    'invalid_calendar',
    8,
    'not a stretch of the day',
  ],
  [
    'a calendar with a holiday that does not exist',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly: {monday: [09:00-18:00]}\n  holidays: [2026-02-30]\nsystems:']],
    'invalid_calendar',
    8,
    'not a date',
  ],
  [
    'a calendar without working hours',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly: {monday: []}\nsystems:']],
    'invalid_calendar',
    7,
    'no weekday has working hours',
  ],
  [
    'a calendar with a day that does not exist',
    [['systems:', 'calendar:\n  zone: UTC\n  weekly: {moonday: [09:00-18:00]}\nsystems:']],
    'unknown_key',
    7,
    'no key `moonday`',
  ],
];

const REGION_ROWS: readonly Row[] = [
  [
    'an initial status beside regions',
    [['regions:', 'initial: TAKEN\nregions:']],
    'misplaced_region',
    4,
    'no `initial` of its own',
  ],
  [
    'a region defined twice',
    [['id: engrave', 'id: send']],
    'duplicate_region',
    7,
    'the region `send` is defined twice',
  ],
  [
    'a status of a region that does not exist',
    [['CUT, system: shop, region: engrave', 'CUT, system: shop, region: engraving']],
    'unknown_region',
    16,
    'not among the regions',
  ],
  [
    'a status of no region',
    [['region: engrave, label: {ru: а, en: a}, final', 'label: {ru: а, en: a}, final']],
    'missing_key',
    16,
    'does not say to which region it belongs',
  ],
  [
    'a region that starts in a status that does not exist',
    [['initial: ASKED', 'initial: WANTED']],
    'unknown_initial',
    7,
    'starts in `WANTED`',
  ],
  [
    'a region that starts in another',
    [['initial: ASKED', 'initial: BOXED']],
    'foreign_status',
    7,
    'belongs to the region `send`',
  ],
  [
    'a region without a final status',
    [['region: engrave, label: {ru: а, en: a}, final: true', 'region: engrave, label: {ru: а, en: a}']],
    'no_final',
    7,
    'no status of the region `engrave` is final',
  ],
  [
    'only optional regions',
    [
      ['initial: TAKEN}', 'initial: TAKEN, startsWhen: [BOXED], optional: true}'],
      ['[MADE, CHECKED]}', '[MADE, CHECKED], optional: true}'],
    ],
    'no_required_region',
    4,
    'every region is optional',
  ],
  [
    'an edge between regions',
    [['to: [CUT]', 'to: [CUT, AWAY]']],
    'foreign_status',
    21,
    'in the region `engrave` to `AWAY` in the region `send`',
  ],
  [
    'a guard that names a status that does not exist',
    [['requires: [CHECKED]', 'requires: [CHEKED]']],
    'unknown_status',
    20,
    'requires the status `CHEKED`',
  ],
  [
    'a guard that names its own region',
    [['requires: [CHECKED]', 'requires: [CHECKED, BOXED]']],
    'foreign_status',
    20,
    'of its own region `send`',
  ],
  [
    'a start that waits for a status that does not exist',
    [['startsWhen: [MADE, CHECKED]', 'startsWhen: [MADE, DONE]']],
    'unknown_status',
    6,
    'requires the status `DONE`',
  ],
  [
    'a start that waits for its own region',
    [['startsWhen: [MADE, CHECKED]', 'startsWhen: [AWAY]']],
    'foreign_status',
    6,
    'of its own region `send`',
  ],
  ['an empty guard', [['requires: [CHECKED]', 'requires: []']], 'invalid_value', 20, 'is empty'],
  [
    'an optional region that may always begin',
    [[', startsWhen: [MADE], optional', ', optional']],
    'improper_completion',
    7,
    'may begin at any time',
  ],
  [
    'a region that may begin when the order is complete',
    [['[MADE], optional', '[MADE, CHECKED], optional']],
    'improper_completion',
    7,
    'after `TAKEN` → `MADE` → `CHECKED` → `BOXED` → `AWAY`',
  ],
  [
    'a status that nothing in its region leads to',
    [['from: ASKED, to: [CUT]', 'from: ASKED, to: [ASKED]']],
    'unreachable_status',
    16,
    'no way leads to it from `ASKED`',
  ],
  [
    'a status from which its region cannot finish',
    [['from: ASKED, to: [CUT]', 'from: CUT, to: [ASKED], reopen: true']],
    'unreachable_status',
    16,
    'no order can ever reach the status `CUT`',
  ],
  [
    'two regions that wait for each other',
    [
      ['to: [MADE]}', 'to: [MADE], requires: [BOXED]}'],
      ['[MADE, CHECKED]', '[MADE]'],
    ],
    'never_allowed',
    6,
    'the start of the region `send` is never allowed: no order is ever in `MADE` meanwhile',
  ],
  [
    'a move that waits for what comes after it',
    [['to: [CHECKED]}', 'to: [CHECKED], requires: [AWAY]}']],
    'never_allowed',
    19,
    'the move `MADE` → `CHECKED` is never allowed: no order is ever in `AWAY` meanwhile, so that `CHECKED` can never be reached; it waits after `TAKEN` → `MADE`',
  ],
  [
    'a guard that needs two regions where they never are together',
    [['to: [CUT]}', 'to: [CUT], requires: [TAKEN]}']],
    'never_allowed',
    21,
    'it waits after `TAKEN` → `MADE` → `ASKED`',
  ],
  [
    'a move that misses its moment',
    [['requires: [CHECKED]', 'requires: [MADE]']],
    'stuck_regions',
    20,
    'after `TAKEN` → `MADE` → `CHECKED`',
  ],
  [
    'a required region that misses its start',
    [['startsWhen: [MADE, CHECKED]', 'startsWhen: [MADE]']],
    'stuck_regions',
    6,
    'after `TAKEN` → `MADE` → `CHECKED`: the start of the region `send` waits for `MADE`',
  ],
  [
    'a loop that keeps the others waiting for good',
    [['to: [CUT]}', 'to: [CUT], requires: [BOXED]}']],
    'stuck_regions',
    21,
    'the move `ASKED` → `CUT` waits for `BOXED`',
  ],
];

describe('an unsound definition is refused at its line with its remedy', () => {
  test('but not the ones that the table breaks', () => {
    expect(parseLifecycle(FLAT, 'x').kind).toBe('ok');
    expect(parseLifecycle(REGIONS, 'x')).toMatchObject({ kind: 'ok', lifecycle: { initial: 'TAKEN' } });
  });

  const rows = [...FLAT_ROWS.map((row) => [FLAT, row] as const), ...REGION_ROWS.map((row) => [REGIONS, row] as const)];
  test.each(rows.map(([sound, row]) => [row[0], sound, row] as const))('%s', (_name, sound, row) => {
    const [, changes, code, line, message] = row;
    const text = changes.reduce<string>((changed, [from, to]) => {
      // What is to be broken must be there exactly once, so that no row passes because it broke nothing.
      expect(changed.split(from)).toHaveLength(2);
      return changed.replace(from, to);
    }, sound);
    const result = parseLifecycle(text, 'x');
    const problems = result.kind === 'refused' ? result.problems : [];
    expect(problems.map((each) => `${each.line} ${each.code}`)).toContain(`${line} ${code}`);
    const found = problems.filter((each) => each.code === code && each.line === line);
    expect(found.map((each) => each.message).join('\n')).toContain(message);
    for (const { remedy } of problems) expect(remedy).toMatch(/[.?]$/);
  });
});

describe('combinations of regions', () => {
  /** Rows of statuses, a region each, with a way back by two; from the middle on each waits for the row before it to be as far. */
  function rows(regions: number, length: number): string {
    const id = (region: number, step: number): string => `R${region}S${step}`;
    const half = Math.floor(length / 2);
    const steps = Array.from({ length }, (_, step) => step);
    const all = Array.from({ length: regions }, (_, region) => region);
    const guard = (region: number): string =>
      region === 0
        ? ''
        : `, requires: [${steps
            .slice(half)
            .map((step) => id(region - 1, step))
            .join(', ')}]`;
    return [
      `name: rows\nversion: '1'\nlabel: {ru: а, en: a}\nsystems: {x: {label: {ru: а, en: a}}}\nregions:`,
      ...all.map((region) => `  - {id: r${region}, label: {ru: а, en: a}, initial: ${id(region, 0)}}`),
      'statuses:',
      ...all.flatMap((region) =>
        steps.map((step) => {
          const final = step === length - 1 ? ', final: true' : '';
          return `  - {id: ${id(region, step)}, system: x, region: r${region}${STATUS}${final}}`;
        }),
      ),
      'transitions:',
      ...all.flatMap((region) =>
        steps
          .slice(0, -1)
          .flatMap((step) => [
            `  - {from: ${id(region, step)}, to: [${id(region, step + 1)}]${step === half ? guard(region) : ''}}`,
            ...(step > 1 ? [`  - {from: ${id(region, step)}, to: [${id(region, step - 2)}]}`] : []),
            ...(step % 4 === 0 && step + 2 < length - 1 && step + 2 <= half
              ? [`  - {from: ${id(region, step)}, to: [${id(region, step + 2)}]}`]
              : []),
          ]),
      ),
      '',
    ].join('\n');
  }

  test('of 60 statuses with loops, branches and guards between four regions are proved sound', () => {
    expect(parseLifecycle(rows(4, 15), 'x').kind).toBe('ok');
  });

  test('of the same regions with one guard that is missed once are refused with the shortest way there', () => {
    const missed = rows(4, 15).replace(/(R3S7, to: \[R3S8\], requires: \[)[^\]]*/, '$1R2S7');
    const result = parseLifecycle(missed, 'x');
    const problems = result.kind === 'refused' ? result.problems : [];
    expect(problems.map(({ code }) => code)).toEqual(['stuck_regions']);
    expect(problems[0]?.message).toContain('the move `R3S7` → `R3S8` waits for `R2S7`');
  });

  test('are looked at up to a limit, and refused beyond it', () => {
    const result = parseLifecycle(rows(7, 12), 'x');
    expect(result).toMatchObject({ kind: 'refused', problems: [{ code: 'too_many_combinations', line: 5 }] });
  });

  test('of regions that no guard couples are not combined, however many there are', () => {
    const apart = rows(12, 12).replaceAll(/, requires: \[[^\]]*\]/g, '');
    expect(parseLifecycle(apart, 'x').kind).toBe('ok');
  });
});
