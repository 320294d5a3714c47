import { VALUE_TYPE } from '../../model/key-value-table.ts';
import { SPAN_KINDS, type SpanKind } from '../../model/span-parents.ts';
import type { DurationNano, UnixNano } from '../../model/units.ts';
import { toDateTime64 } from '../../store/time.ts';

/** What one span of a trace must be for the trace to be found; undefined fields do not filter. */
export interface TraceFilter {
  readonly service?: string | undefined;
  /** Name of the span. */
  readonly operation?: string | undefined;
  readonly kind?: SpanKind | undefined;
  /** Shortest duration of the span, inclusive. */
  readonly minDuration?: DurationNano | undefined;
  /** Longest duration of the span, inclusive. */
  readonly maxDuration?: DurationNano | undefined;
  /** Only spans whose status is error. */
  readonly failed?: boolean | undefined;
  /** Each is an attribute of the span or of its resource, compared with the value's canonical text. */
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
  /** Start of the span, inclusive. */
  readonly since?: UnixNano | undefined;
  /** Start of the span, exclusive. */
  readonly until?: UnixNano | undefined;
}

/** A condition in SQL with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A condition on the index. */
export interface IndexCondition extends Condition {
  /** Says nothing of a row but lets granules be skipped; true where there is nothing to say. */
  readonly hint: string;
}

/** Number of the error status, as OTLP has it. */
const STATUS_ERROR = 2;

/**
 * The condition on a row of `spans`.
 *
 * @param ofResources for each attribute whether any resource has it; where none has, the Bloom filter of spans' own attributes is of use
 */
export function spanCondition(filter: TraceFilter, ofResources: readonly boolean[]): Condition {
  const conditions: string[] = [];
  const parameters: Record<string, unknown> = {};
  const where = (condition: string, values: Record<string, unknown> = {}): void => {
    conditions.push(condition);
    Object.assign(parameters, values);
  };
  const { service, operation, kind, minDuration, maxDuration, since, until } = filter;
  if (service !== undefined) where('service = {service:String}', { service });
  if (operation !== undefined) where('name = {operation:String}', { operation });
  if (kind !== undefined) where('kind = {kind:UInt8}', { kind: SPAN_KINDS.indexOf(kind) });
  if (minDuration !== undefined) where('duration_nano >= {minDuration:Int64}', { minDuration });
  if (maxDuration !== undefined) where('duration_nano <= {maxDuration:Int64}', { maxDuration });
  if (filter.failed === true) where(`status_code = ${STATUS_ERROR}`);
  if (since !== undefined) where("start >= {since:DateTime64(9, 'UTC')}", { since: toDateTime64(since) });
  if (until !== undefined) where("start < {until:DateTime64(9, 'UTC')}", { until: toDateTime64(until) });
  for (const [index, { key, value }] of filter.attributes.entries()) {
    // Not hasAny: it takes every text of a row out of the dictionary, has() compares places in it.
    const own = typesOf(value)
      .map((type) => `has(attributes, concat({key${index}:String}, '\\xFF', '${type}', {value${index}:String}))`)
      .join(' OR ');
    const ofResource = `resource_id IN (SELECT resource_id FROM resources WHERE ${resourceCondition(index)})`;
    where(ofResources[index] === true ? `(${own} OR ${ofResource})` : `(${own})`, {
      [`key${index}`]: key,
      [`value${index}`]: value,
    });
  }
  return { sql: all(conditions), parameters };
}

/** The condition on a row of `resources` for attribute number `index`, with the placeholders `key` and `value` of that number. */
export function resourceCondition(index: number): string {
  return `arrayExists((k, v) -> k = {key${index}:String} AND v = {value${index}:String}, attribute_keys, attribute_values)`;
}

/** Types whose canonical text a value can be: each is a text of its own in the store. */
function typesOf(value: string): number[] {
  const types: number[] = [VALUE_TYPE.string];
  if (value === '') types.push(VALUE_TYPE.empty);
  if (value === 'true' || value === 'false') types.push(VALUE_TYPE.bool);
  if (/^-?\d+$/.test(value)) types.push(VALUE_TYPE.int);
  if (value !== '' && !Number.isNaN(Number(value))) types.push(VALUE_TYPE.double);
  if (value.startsWith('[')) types.push(VALUE_TYPE.array);
  if (value.startsWith('{')) types.push(VALUE_TYPE.kvlist);
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0) types.push(VALUE_TYPE.bytes);
  return types;
}

/* Entries of trace_index, as 0020_trace_index_of_spans.sql makes them. */
const SERVICE = 'bitShiftLeft(bitAnd(cityHash64({service:String}), 16777215), 40)';
const OPERATION = 'bitShiftLeft(bitAnd(cityHash64({operation:String}), 16777215), 16)';
const SERVICE_MASK = 0xffffffn << 40n;
const OPERATION_MASK = 0xffffffn << 16n;
const ERROR_BIT = 4n;
const KIND_MASK = 0xfn;
const DURATION = 'bitAnd(bitShiftRight(e, 8), 255)';
/** The condition on a row of `trace_index`: rows of which a span may fit the filter, as far as the index knows (not the attributes). */
export function indexCondition(filter: TraceFilter): IndexCondition {
  const { service, operation, minDuration, maxDuration, since, until } = filter;
  const conditions: string[] = [];
  const parameters: Record<string, unknown> = {};
  if (service !== undefined) parameters['service'] = service;
  if (operation !== undefined) parameters['operation'] = operation;
  if (minDuration !== undefined) parameters['minDuration'] = minDuration;
  if (maxDuration !== undefined) parameters['maxDuration'] = maxDuration;
  const entry = entryCondition(filter);
  if (entry !== undefined) conditions.push(`arrayExists(e -> ${entry}, entries)`);
  if (until !== undefined) {
    conditions.push("start < {until:DateTime64(9, 'UTC')}");
    parameters['until'] = toDateTime64(until);
  }
  if (since !== undefined) {
    conditions.push('toUnixTimestamp64Nano(start) + spread >= {sinceNano:Int64}');
    parameters['sinceNano'] = since;
  }
  const hints = hintsOf(filter);
  return { sql: all(conditions), hint: all(hints), parameters };
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

function entryCondition({
  service,
  operation,
  kind,
  failed,
  minDuration,
  maxDuration,
}: TraceFilter): string | undefined {
  const equal: string[] = [];
  let mask = 0n;
  if (service !== undefined) {
    mask |= SERVICE_MASK;
    equal.push(SERVICE);
  }
  if (operation !== undefined) {
    mask |= OPERATION_MASK;
    equal.push(OPERATION);
  }
  if (failed === true) {
    mask |= 1n << ERROR_BIT;
    equal.push(`toUInt64(${1n << ERROR_BIT})`);
  }
  if (kind !== undefined) {
    mask |= KIND_MASK;
    equal.push(`toUInt64(${SPAN_KINDS.indexOf(kind)})`);
  }
  const conditions: string[] = [];
  const value = equal.reduce((sum, part) => (sum === '' ? part : `bitOr(${sum}, ${part})`), '');
  if (value !== '') conditions.push(`bitAnd(e, toUInt64(${mask})) = ${value}`);
  if (minDuration !== undefined) conditions.push(`${DURATION} >= ${stepOf('minDuration')}`);
  if (maxDuration !== undefined) conditions.push(`${DURATION} <= ${stepOf('maxDuration')}`);
  return conditions.length === 0 ? undefined : conditions.join(' AND ');
}

/** The step of a duration, by the same function of the same engine that made the entries: another logarithm may round another way. */
function stepOf(parameter: 'minDuration' | 'maxDuration'): string {
  return `toUInt64(floor(log2(greatest({${parameter}:Int64}, toInt64(1))) * 4))`;
}

/** Steps of durations: four to an octave, of 64 octaves. */
const LAST_STEP = 255;
/** Steps that the index knows together: eight octaves, one, a single step; with the bits that a number of them has, and its mark. */
const LEVELS = [
  { steps: 32, bits: 3, mark: 2n << 60n },
  { steps: 4, bits: 6, mark: 1n << 60n },
  { steps: 1, bits: 8, mark: 0n },
] as const;

/** What lets whole granules be left out: the expressions of the skip indexes, word for word, with all that may be in them. */
function hintsOf({ service, operation, failed, minDuration, maxDuration }: TraceFilter): string[] {
  // One step more on both sides: this logarithm may round another way than the engine's.
  const from = minDuration === undefined ? 0 : Math.max(0, stepNear(minDuration) - 1);
  const to = maxDuration === undefined ? LAST_STEP : Math.min(LAST_STEP, stepNear(maxDuration) + 1);
  const hints: string[] = [];
  const ranges = coverOf(from, to).map(({ bits, value }) => `(${bits}, toUInt64(${value}))`);
  const every = (hash: string): string =>
    `arrayMap(t -> bitOr(bitShiftLeft(${hash}, t.1), t.2), [${ranges.join(', ')}])`;
  if (service !== undefined && operation !== undefined) {
    const held = `arrayFlatten(arrayMap(e -> [bitShiftRight(e, 8), bitOr(bitShiftRight(e, 10), ${1n << 60n}), bitOr(bitShiftRight(e, 13), ${2n << 60n})], entries))`;
    hints.push(`hasAny(${held}, ${every(`bitShiftRight(bitOr(${SERVICE}, ${OPERATION}), 16)`)})`);
  } else if (service !== undefined) {
    const held = `arrayFlatten(arrayMap(e -> [${serviceAnd(8, 8)}, bitOr(${serviceAnd(6, 10)}, ${1n << 60n}), bitOr(${serviceAnd(3, 13)}, ${2n << 60n})], entries))`;
    hints.push(`hasAny(${held}, ${every(`bitShiftRight(${SERVICE}, 40)`)})`);
  } else if (minDuration !== undefined) {
    hints.push(`arrayMax(arrayMap(e -> bitAnd(bitShiftRight(e, 8), 255), entries)) >= ${from}`);
  }
  if (failed === true) hints.push('arrayExists(e -> bitTest(e, 4), entries) = 1');
  return hints.map((hint) => `indexHint(${hint})`);
}

/** The service of an entry, then so many bits of it from a place on. */
function serviceAnd(bits: number, place: number): string {
  return `bitOr(bitShiftLeft(bitShiftRight(e, 40), ${bits}), bitAnd(bitShiftRight(e, ${place}), ${2 ** bits - 1}))`;
}

function stepNear(duration: DurationNano): number {
  return duration <= 1n ? 0 : Math.floor(Math.log2(Number(duration)) * 4);
}

/** The fewest ranges that make up the steps from … to. */
function coverOf(from: number, to: number): { bits: number; value: bigint }[] {
  const cover: { bits: number; value: bigint }[] = [];
  for (let at = from; at <= to; ) {
    const level = LEVELS.find(({ steps }) => at % steps === 0 && at + steps - 1 <= to);
    if (level === undefined) break;
    cover.push({ bits: level.bits, value: BigInt(at / level.steps) | level.mark });
    at += level.steps;
  }
  return cover;
}
