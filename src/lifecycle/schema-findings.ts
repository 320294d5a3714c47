import type { z } from 'zod';
import { closestName } from './closest-name.ts';
import { MAX_STATUSES } from './definition.ts';
import { isMap } from './draft.ts';
import { WEEKDAYS } from './dwell/calendar.ts';
import type { Finding, Path, ProblemCode } from './problem.ts';

/** Turns one issue of the schema into findings with words for people; an issue may name several keys. */
export function schemaFindings(issue: z.core.$ZodIssue, content: unknown): Finding[] {
  const path: Path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  const where = path.length === 0 ? 'the file' : `\`${formatPath(path)}\``;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], where));
    case 'invalid_type':
      if (valueAt(content, path) === undefined) return [missingKey(path)];
      return [wrongType(path, where, issue.expected)];
    case 'too_small':
      return [found('invalid_value', path, `${where} is empty`, 'Name at least one.')];
    case 'too_big': {
      if (path.length !== 1 || path[0] !== 'statuses') {
        return [found('invalid_value', path, `${where} has more than ${issue.maximum} entries`, 'Leave some out.')];
      }
      const message = `there are more than ${MAX_STATUSES} statuses`;
      return [
        found('too_many_statuses', path, message, 'Split the lifecycle, or merge statuses that differ in nothing.'),
      ];
    }
    case 'custom': {
      return [
        found(
          customCode(issue.params?.['code']),
          path,
          `${where}: ${issue.message}`,
          String(issue.params?.['remedy'] ?? ''),
        ),
      ];
    }
    case 'invalid_key': {
      const remedy = 'Write 1 to 256 characters without control characters and without spaces at the ends.';
      return [{ ...found('invalid_value', path, `${where} is not a usable name`, remedy), atKey: true }];
    }
    default: {
      const remedy = 'Correct it as the example lifecycle of the jewelry company shows.';
      return [found('invalid_value', path, `${where}: ${issue.message.toLowerCase()}`, remedy)];
    }
  }
}

function customCode(code: unknown): ProblemCode {
  return code === 'invalid_duration' || code === 'invalid_calendar' ? code : 'invalid_value';
}

function found(code: ProblemCode, path: Path, message: string, remedy: string): Finding {
  return { code, path, message, remedy };
}

const KEYS = ['name', 'version', 'label', 'initial', 'systems', 'statuses', 'transitions', 'services', 'id', 'system'];
const MORE_KEYS = [
  'target',
  'final',
  'from',
  'to',
  'reopen',
  'ru',
  'en',
  'regions',
  'region',
  'requires',
  'startsWhen',
];
const REST_KEYS = ['optional', 'reportedBy', 'calendar', 'zone', 'weekly', 'holidays', 'exceptions', ...WEEKDAYS];

function unknownKey(path: Path, where: string): Finding {
  const key = String(path.at(-1));
  const guess = closestName(key, [...KEYS, ...MORE_KEYS, ...REST_KEYS]);
  const remedy = guess === undefined || guess === key ? 'Remove it.' : `Did you mean \`${guess}\`? If not, remove it.`;
  return { ...found('unknown_key', path, `${where} has no key \`${key.slice(0, 64)}\``, remedy), atKey: true };
}

function missingKey(path: Path): Finding {
  const parent = path.slice(0, -1);
  const where = parent.length === 0 ? 'the file' : `\`${formatPath(parent)}\``;
  return found(
    'missing_key',
    parent,
    `${where} lacks \`${path.at(-1) ?? ''}\``,
    `Add the key \`${path.at(-1) ?? ''}\`.`,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function wrongType(path: Path, where: string, expected: string): Finding {
  const wanted = TYPES[expected] ?? expected;
  const remedies: Readonly<Record<string, string>> = {
    string: 'Put it in quotes if it is a number, a date, `true`, `false` or `null`.',
    boolean: 'Write `true` or `false`, or leave the key out.',
    array: 'Write a list: `[a, b]`, or one `- item` a line.',
  };
  const remedy = remedies[expected] ?? 'Write a map: one `key: value` a line, indented below it.';
  return found('wrong_type', path, `${where} must be ${wanted}`, remedy);
}

function valueAt(content: unknown, path: Path): unknown {
  let value = content;
  for (const segment of path) {
    if (Array.isArray(value)) value = value[Number(segment)] as unknown;
    else if (isMap(value) && Object.hasOwn(value, segment)) value = value[segment];
    else return undefined;
  }
  return value;
}

/** `['statuses', 3, 'label']` as `statuses[3].label`. */
function formatPath(path: Path): string {
  return path
    .map((each, index) => (typeof each === 'number' ? `[${each}]` : `${index > 0 ? '.' : ''}${each}`))
    .join('');
}
