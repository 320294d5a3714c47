import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../model/errors.ts';
import { MAX_FILE_BYTES } from './definition.ts';
import { MAX_PROBLEMS, parseLifecycle, requireLifecycle } from './parse.ts';
import { formatProblem, type LifecycleProblem, type ProblemCode } from './problem.ts';

const JEWELRY = readFileSync(new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url), 'utf8');

/** Four statuses in a row with a way back; each place that a test breaks has a line of its own. */
const SOUND = `name: parcel
version: '1'
label: {ru: Посылка, en: Parcel}
initial: NEW
systems:
  post: {label: {ru: Почта, en: Post}, services: [post-api]}
statuses:
  - {id: NEW, system: post, label: {ru: Новая, en: New}, target: 5 min}
  - {id: SENT, system: post, label: {ru: В пути, en: Sent}, target: 2 d}
  - {id: AT_DOOR, system: post, label: {ru: У двери, en: At the door}}
  - {id: DONE, system: post, label: {ru: Вручена, en: Done}, final: true}
transitions:
  - {from: NEW, to: [SENT]}
  - {from: SENT, to: [AT_DOOR, SENT]}
  - {from: AT_DOOR, to: [SENT, DONE]}
  - {from: DONE, to: [SENT], reopen: true}
`;

function problemsOf(text: string): readonly LifecycleProblem[] {
  const result = parseLifecycle(text, 'parcel.yaml');
  return result.kind === 'refused' ? result.problems : [];
}

function codesAndLines(text: string): [ProblemCode, number][] {
  return problemsOf(text).map(({ code, line }) => [code, line]);
}

/** Replaces what must occur exactly once, so that no test passes because it broke nothing. */
function broken(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    expect(text.split(from)).toHaveLength(2);
    return text.replace(from, to);
  }, SOUND);
}

/** A definition of that many statuses in a row. */
function row(count: number): string {
  const ids = Array.from({ length: count }, (_, index) => `S${index}`);
  const statuses = ids.map(
    (id) => `  - {id: ${id}, system: post, label: *l${id === ids.at(-1) ? ', final: true' : ''}}`,
  );
  const to = ids.slice(0, -1).map((id, index) => `  - {from: ${id}, to: [${ids[index + 1]}]}`);
  return `name: n\nversion: '1'\nlabel: {ru: a, en: a}\ninitial: S0\nsystems: {post: {label: {ru: a, en: a}}}
statuses:\n${statuses.join('\n')}\ntransitions:\n${to.join('\n')}\n`.replaceAll('*l', '{ru: a, en: a}');
}

describe('a sound definition', () => {
  test('is read with defaults filled in, lists of transitions flattened and durations in nanoseconds', () => {
    const result = parseLifecycle(SOUND, 'parcel.yaml');
    expect(result).toMatchObject({
      kind: 'ok',
      lifecycle: {
        name: 'parcel',
        version: '1',
        initial: 'NEW',
        systems: [{ id: 'post', label: { ru: 'Почта', en: 'Post' }, services: ['post-api'] }],
      },
    });
    const lifecycle = requireLifecycle(SOUND, 'parcel.yaml');
    expect(lifecycle.statuses.map(({ id, target, final }) => [id, target, final])).toEqual([
      ['NEW', 300_000_000_000n, false],
      ['SENT', 172_800_000_000_000n, false],
      ['AT_DOOR', null, false],
      ['DONE', null, true],
    ]);
    expect(lifecycle.transitions).toEqual([
      { from: 'NEW', to: 'SENT', reopen: false, requires: [] },
      { from: 'SENT', to: 'AT_DOOR', reopen: false, requires: [] },
      { from: 'SENT', to: 'SENT', reopen: false, requires: [] },
      { from: 'AT_DOOR', to: 'SENT', reopen: false, requires: [] },
      { from: 'AT_DOOR', to: 'DONE', reopen: false, requires: [] },
      { from: 'DONE', to: 'SENT', reopen: true, requires: [] },
    ]);
  });

  test('takes one target for a list of one, and finds its line when it is wrong', () => {
    expect(parseLifecycle(broken(['to: [SENT]}', 'to: SENT}']), 'x')).toEqual(parseLifecycle(SOUND, 'x'));
    const [problem, ...others] = problemsOf(broken(['to: [SENT]}', 'to: SEMT}']));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'unknown_status', line: 13, column: 21, remedy: 'Did you mean `SENT`?' });
  });

  test('may be one status that is initial and final, and a final status may have a self-edge', () => {
    const one = SOUND.slice(0, SOUND.indexOf('statuses:'))
      .replace('initial: NEW', 'initial: DONE')
      .concat('statuses:\n  - {id: DONE, system: post, label: {ru: а, en: a}, final: true}\ntransitions: []\n');
    expect(parseLifecycle(one, 'x').kind).toBe('ok');
    expect(parseLifecycle(one.replace('[]', '\n  - {from: DONE, to: [DONE]}'), 'x').kind).toBe('ok');
  });

  test('may name a target for whole orders, working hours, and who else may report a status', () => {
    const text = broken(
      [
        'initial: NEW',
        `initial: NEW
target: 3 d
calendar:
  zone: Europe/Moscow
  weekly: {monday: [09:00-13:00, 14:00-18:00], tuesday: ["9:00 – 18:00"], sunday: []}
  holidays: [2026-01-01]
  exceptions: {2026-01-03: [10:00-14:00]}`.replace('"9:00', '"09:00'),
      ],
      ['{id: SENT, system: post,', '{id: SENT, system: post, reportedBy: [post],'],
    );
    const { target, calendar, statuses, regions } = requireLifecycle(text, 'parcel.yaml');
    expect(target).toBe(259_200_000_000_000n);
    expect(calendar).toEqual({
      zone: 'Europe/Moscow',
      weekly: {
        monday: [
          ['09:00', '13:00'],
          ['14:00', '18:00'],
        ],
        tuesday: [['09:00', '18:00']],
      },
      holidays: ['2026-01-01'],
      exceptions: { '2026-01-03': [['10:00', '14:00']] },
    });
    expect(statuses.map(({ reportedBy }) => reportedBy)).toEqual([[], ['post'], [], []]);
    expect(regions).toEqual([]);
    const plain = requireLifecycle(SOUND, 'parcel.yaml');
    expect([plain.target, plain.calendar]).toEqual([null, null]);
  });

  test('may reach a status only by reopening', () => {
    const returned = broken(
      [
        'transitions:',
        '  - {id: BACK, system: post, label: {ru: а, en: a}}\ntransitions:\n  - {from: BACK, to: [DONE]}',
      ],
      ['to: [SENT], reopen', 'to: [SENT, BACK], reopen'],
    );
    expect(problemsOf(returned)).toEqual([]);
  });

  test('may repeat parts by anchors and carry a byte order mark', () => {
    const anchored = broken(['{ru: Новая, en: New}', '&l {ru: Новая, en: New}'], ['{ru: В пути, en: Sent}', '*l']);
    expect(problemsOf(`\uFEFF${anchored}`)).toEqual([]);
  });

  test('is the lifecycle of the jewelry company: ten statuses in one line', () => {
    const { name, version, initial, statuses, transitions, systems } = requireLifecycle(JEWELRY, 'lifecycle.yaml');
    expect([name, version, initial]).toEqual(['jewelry-order', '1', 'INITIATED']);
    expect(statuses.map(({ id, system, final }) => [id, system, final])).toEqual([
      ['INITIATED', 'shop', false],
      ['FILE_UPLOADED', 'shop', false],
      ['SUBMITTED', 'shop', false],
      ['PRICE_CALCULATED', 'mes', false],
      ['MANUFACTURING_APPROVED', 'crm', false],
      ['MANUFACTURING_STARTED', 'mes', false],
      ['MANUFACTURING_COMPLETED', 'mes', false],
      ['PACKAGING', 'mes', false],
      ['SHIPPED', 'mes', false],
      ['CLOSED', 'crm', true],
    ]);
    expect(transitions).toEqual(
      statuses.slice(1).map(({ id }, index) => ({ from: statuses[index]?.id, to: id, reopen: false, requires: [] })),
    );
    expect(systems.map(({ id, services }) => [id, services])).toEqual([
      ['shop', ['shop-api']],
      ['crm', ['crm-api']],
      ['mes', ['mes-api']],
    ]);
    expect(statuses.filter(({ target }) => target === null).map(({ id }) => id)).toEqual(['CLOSED']);
  });
});

describe('each unsound definition is refused at its line', () => {
  const cases: [string, string, [ProblemCode, number][], RegExp][] = [
    [
      'a system that is not defined',
      broken(['AT_DOOR, system: post', 'AT_DOOR, system: posd']),
      [['unknown_system', 10]],
      /`AT_DOOR` belongs to the system `posd`.*Did you mean `post`/s,
    ],
    [
      'a transition to a status that is not defined',
      broken(['[AT_DOOR, SENT]', '[AT_DOR, SENT]']),
      [['unknown_status', 14]],
      /from `SENT` leads to the status `AT_DOR`.*Did you mean `AT_DOOR`/s,
    ],
    [
      'a transition from a status that is not defined, once however many targets it has',
      broken(['transitions:', 'transitions:\n  - {from: LOST, to: [NEW, SENT]}']),
      [['unknown_status', 13]],
      /leaves the status `LOST`.*Add a status with id `LOST`/s,
    ],
    [
      'an initial status that is not defined',
      broken(['initial: NEW', 'initial: START']),
      [['unknown_initial', 4]],
      /initial status `START` is not among the statuses/,
    ],
    ['a missing initial status', broken(['initial: NEW\n', '']), [['missing_key', 1]], /the file lacks `initial`/],
    [
      'a status that is defined twice',
      broken(['transitions:', '  - {id: SENT, system: post, label: {ru: а, en: a}}\ntransitions:']),
      [['duplicate_status', 12]],
      /`SENT` is defined twice; first on line 9/,
    ],
    [
      'a transition that is listed twice',
      broken(['[SENT, DONE]', '[SENT, DONE, SENT]']),
      [['duplicate_edge', 15]],
      /`AT_DOOR` → `SENT` is listed twice; first on line 15/,
    ],
    [
      'no final status',
      broken([', final: true', ''], [', reopen: true', '']),
      [['no_final', 7]],
      /no status is final.*Add `final: true`/s,
    ],
    [
      'a way out of a final status that is not marked as reopening',
      broken([', reopen: true', '']),
      [['final_exit', 16]],
      /`DONE` is final, but a transition leads from it to `SENT`.*`reopen: true`/s,
    ],
    [
      'reopening what was not complete',
      broken(['{from: NEW, to: [SENT]}', '{from: NEW, to: [SENT], reopen: true}']),
      [['misplaced_reopen', 13]],
      /`NEW` → `SENT` is marked `reopen`, but `NEW` is not final/,
    ],
    [
      'a status that nothing leads to, with the edge that it makes dead',
      broken([
        'transitions:',
        '  - {id: LOST, system: post, label: {ru: а, en: a}}\ntransitions:\n  - {from: LOST, to: [SENT]}',
      ]),
      [
        ['unreachable_status', 12],
        ['dead_edge', 14],
      ],
      /reach the status `LOST`: no way leads to it from `NEW`.*`LOST` → `SENT` is on no way.*`LOST` is never reached/s,
    ],
    [
      'a status that cannot finish, with the way into it and the edge that it makes dead',
      broken(
        ['transitions:', '  - {id: LOST, system: post, label: {ru: а, en: a}}\ntransitions:'],
        ['[AT_DOOR, SENT]', '[AT_DOOR, SENT, LOST]'],
      ),
      [
        ['cannot_finish', 12],
        ['dead_edge', 15],
      ],
      /`LOST` can never finish: nothing follows it, as after `NEW` → `SENT` → `LOST`.*never leads to a final status/s,
    ],
    [
      'statuses that go round without an end, each by name',
      broken(
        ['to: [SENT, DONE]', 'to: [SENT]'],
        ['- {from: DONE, to: [SENT], reopen: true}', '- {from: NEW, to: [DONE]}'],
      ),
      [
        ['cannot_finish', 9],
        ['cannot_finish', 10],
        ['dead_edge', 13],
        ['dead_edge', 14],
        ['dead_edge', 14],
        ['dead_edge', 15],
      ],
      /`SENT` can never finish: only `AT_DOOR`, `SENT` can follow.*`AT_DOOR` can never finish: only `SENT`, `AT_DOOR`/s,
    ],
    [
      'a key that does not exist',
      broken([', reopen: true', ', reopen: true, reopened: 1']),
      [['unknown_key', 16]],
      /`transitions\[3\]` has no key `reopened`.*Did you mean `reopen`/s,
    ],
    [
      'a key that is missing',
      broken([
        '  - {id: NEW, system: post, label: {ru: Новая, en: New}',
        '  - {id: NEW, system: post, label: {ru: Новая}',
      ]),
      [['missing_key', 8]],
      /`statuses\[0\].label` lacks `en`/,
    ],
    [
      'a number as version',
      broken(["version: '1'", 'version: 1']),
      [['wrong_type', 2]],
      /`version` must be text.*quotes/s,
    ],
    ['a word for a flag', broken(['final: true', "final: 'yes'"]), [['wrong_type', 11]], /must be `true` or `false`/],
    [
      'a target that is neither a status nor a list',
      broken(['to: [SENT]}', 'to: 7}']),
      [['wrong_type', 13]],
      /must be a list.*`\[a, b\]`/s,
    ],
    [
      'an empty list of targets',
      broken(['to: [SENT]}', 'to: []}']),
      [['invalid_value', 13]],
      /`transitions\[0\].to` is empty/,
    ],
    ['an empty name', broken(['name: parcel', "name: ''"]), [['invalid_value', 1]], /`name`: is not a usable name/],
    [
      'a duration that is none',
      broken(['2 d', '2 moons']),
      [['invalid_duration', 9]],
      /`2 moons` is not a duration.*`5 min`/s,
    ],
    [
      'a key that is there twice',
      broken(['name: parcel', 'name: parcel\nname: letter']),
      [['yaml_syntax', 2]],
      /the key `name` is there twice.*Remove one/s,
    ],
    [
      'text that is not YAML',
      broken(['to: [SENT]}', 'to: [SENT}']),
      [
        ['yaml_syntax', 13],
        ['yaml_syntax', 14],
      ],
      /flow sequence/,
    ],
    [
      'an alias without anchor',
      broken(['initial: NEW', 'initial: *NEW']),
      [['yaml_syntax', 4]],
      /no anchor for `\*NEW`.*`&NEW`/s,
    ],
    ['an unknown tag', broken(['initial: NEW', 'initial: !x NEW']), [['yaml_syntax', 4]], /unresolved tag/],
    [
      'a second document',
      `${SOUND}---\nname: other\n`,
      [['yaml_syntax', 17]],
      /multiple documents.*one lifecycle in a file/s,
    ],
    ['a list instead of a map', '- a\n- b\n', [['wrong_type', 1]], /the file must be a map/],
  ];
  test.each(cases)('%s', (_name, text, expected, message) => {
    const problems = problemsOf(text);
    expect(codesAndLines(text)).toEqual(expected);
    expect(problems.map((each) => formatProblem('parcel.yaml', each)).join('\n')).toMatch(message);
    for (const { remedy, column } of problems) {
      expect(remedy).toMatch(/[.?]$/);
      expect(column).toBeGreaterThan(0);
    }
  });
});

describe('a refusal', () => {
  test('has all problems of all kinds in the order of their lines', () => {
    const text = broken(
      ["version: '1'", 'version: 1'],
      ['AT_DOOR, system: post', 'AT_DOOR, system: nobody'],
      ['2 d', '2 moons'],
      ['[AT_DOOR, SENT]', '[AT_DOR, SENT]'],
      [', reopen: true', ''],
      ['transitions:', '  - {id: LOST, system: post, label: {ru: а, en: a}}\ntransitions:'],
    );
    expect(codesAndLines(text)).toEqual([
      ['wrong_type', 2],
      ['invalid_duration', 9],
      ['unknown_system', 10],
      ['unreachable_status', 12],
      ['cannot_finish', 12],
      ['unknown_status', 15],
      ['final_exit', 17],
    ]);
  });

  test('goes on after a key that is there twice', () => {
    expect(codesAndLines(broken(['name: parcel', 'name: parcel\nname: letter'], ['2 d', '2 moons']))).toEqual([
      ['yaml_syntax', 2],
      ['invalid_duration', 10],
    ]);
  });

  test('names statuses that cannot finish though the initial one is missing', () => {
    const text = broken(['initial: NEW\n', ''], ['[SENT, DONE]', '[SENT]']);
    expect(codesAndLines(text).slice(0, 4)).toEqual([
      ['missing_key', 1],
      ['cannot_finish', 7],
      ['cannot_finish', 8],
      ['cannot_finish', 9],
    ]);
  });

  test('claims nothing about ways while transitions could not be read', () => {
    expect(codesAndLines(broken(['from: SENT', 'frmo: SENT']))).toEqual([
      ['missing_key', 14],
      ['unknown_key', 14],
    ]);
  });

  test('points to the place where an alias leads', () => {
    const text = broken(['{ru: Новая, en: New}', '&l {ru: Новая, en: 1}'], ['{ru: В пути, en: Sent}', '*l']);
    expect(codesAndLines(text)).toEqual([
      ['wrong_type', 8],
      ['wrong_type', 8],
    ]);
    expect(
      codesAndLines(broken(['{ru: Новая, en: New}', '{ru: &l Новая, en: New}'], ['{ru: В пути, en: Sent}', '*l'])),
    ).toEqual([['wrong_type', 9]]);
  });

  test('names the column in UTF-16 units from 1', () => {
    expect(problemsOf(broken(['ru: Новая', 'ru: 1']))[0]).toMatchObject({ line: 8, column: 41, code: 'wrong_type' });
  });

  test('formats as a line that editors link, and a remedy', () => {
    const [first] = problemsOf(broken(["version: '1'", 'version: 1']));
    expect(first && formatProblem('parcel.yaml', first)).toBe(
      'parcel.yaml:2:10: `version` must be text [wrong_type]\n' +
        '  Put it in quotes if it is a number, a date, `true`, `false` or `null`.',
    );
  });

  test('becomes an error with all problems where a lifecycle is required', () => {
    const text = broken(["version: '1'", 'version: 1'], ['2 d', '2 moons']);
    expect(() => requireLifecycle(text, 'parcel.yaml')).toThrow(WaybillError);
    expect(() => requireLifecycle(text, 'parcel.yaml')).toThrow(/has 2 problems:\nparcel.yaml:2:10: .*parcel.yaml:9:/s);
    expect(() => requireLifecycle(text, 'parcel.yaml')).toThrow(expect.objectContaining({ code: 'invalid_lifecycle' }));
  });
});

describe('hostile and oversized files', () => {
  test('a file over the limit is not parsed', () => {
    expect(codesAndLines(`${SOUND}#${'x'.repeat(MAX_FILE_BYTES)}`)).toEqual([['file_too_large', 1]]);
    const fits = `${SOUND}#${'x'.repeat(MAX_FILE_BYTES - Buffer.byteLength(SOUND) - 1)}`;
    expect(problemsOf(fits)).toEqual([]);
    expect(codesAndLines(`${fits}x`)).toEqual([['file_too_large', 1]]);
  });

  test('aliases that multiply are refused', () => {
    const levels = Array.from({ length: 8 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x]'
        : `a${level}: &a${level} [${Array(9)
            .fill(`*a${level - 1}`)
            .join(', ')}]`,
    );
    expect(codesAndLines(`${levels.join('\n')}\n`).map(([code]) => code)).toEqual(['too_many_aliases']);
  });

  test('an anchor that contains itself is refused', () => {
    expect(codesAndLines('name: &a [*a]\n').length).toBeGreaterThan(0);
  });

  test('deep nesting is refused', () => {
    expect(problemsOf('['.repeat(100_000))[0]?.code).toBe('yaml_syntax');
  });

  test('a map, a list or repeated lists that fill the largest file get their answer without a search', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(problemsOf(`${keys}\n`).at(-1)?.message).toBe('there are 19007 more problems');
    expect(codesAndLines(`a: [${'1,'.repeat(100_000)}1]\n`)).toEqual([['file_too_large', 1]]);
    const repeated = `a: &a [${'1,'.repeat(5_000)}1]\nb: [${Array(90).fill('*a').join(', ')}]\n`;
    expect(codesAndLines(repeated)).toEqual([['file_too_large', 1]]);
  });

  test('keys with names of the language itself are data', () => {
    const text = broken(['post: {label', '__proto__: {label']).replaceAll('system: post', 'system: constructor');
    expect(codesAndLines(text).map(([code]) => code)).toEqual(Array(4).fill('unknown_system'));
    expect(problemsOf(text.replaceAll('system: constructor', 'system: __proto__'))).toEqual([]);
  });

  test('more statuses or transitions than the limit are refused', () => {
    expect(problemsOf(row(1_000))).toEqual([]);
    expect(codesAndLines(row(1_001))).toEqual([['too_many_statuses', 7]]);
    const all = Array.from({ length: 1_000 }, (_, index) => `S${index}`).join(', ');
    const dense = Array.from({ length: 11 }, (_, index) => `  - {from: S${index}, to: [${all}]}`).join('\n');
    const text = row(1_000).replace(/transitions:\n[^]*/, `transitions:\n${dense}\n`);
    expect(codesAndLines(text)).toEqual([['too_many_transitions', 1_007]]);
  });

  test('the list of problems and each message are bounded, and the rest is counted', () => {
    const long = 'y'.repeat(5_000);
    const to = Array.from({ length: 1_500 }, (_, index) => `X${index}`).join(', ');
    const problems = problemsOf(broken(['to: [SENT]}', `to: [SENT, ${long}, ${to}]}`]));
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)).toMatchObject({
      code: 'too_many_problems',
      message: expect.stringMatching(/^there are \d+ more/),
    });
    expect(Math.max(...problems.map(({ message }) => message.length))).toBeLessThan(1_100);
  });
});
