import type { EvidenceKind } from '../../model/order.ts';
import { formatRfc3339, parseRfc3339, type UnixNano } from '../../model/units.ts';
import { type EventLogItem, type EventLogReader, MAX_RAW_CHARACTERS, nameProblem, rejected } from './event.ts';
import {
  type ExportedEvidence,
  type ExportedOrder,
  type ExportedVisit,
  evidenceJson,
  orderCase,
} from './order-case.ts';
import { TextInput } from './text-input.ts';

/** Characters of one line. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** Writes one order per line as JSON with everything that is known of it; times are RFC 3339. */
export async function* encodeJsonLines(orders: AsyncIterable<ExportedOrder>): AsyncGenerator<string> {
  for await (const order of orders) {
    const visits = order.visits.map(({ status, system, enteredAt, leftAt, evidence }) => ({
      status,
      system,
      enteredAt: formatRfc3339(enteredAt),
      leftAt: leftAt === null ? null : formatRfc3339(leftAt),
      evidence: evidence.map(evidenceJson),
    }));
    yield `${JSON.stringify({ ...order, visits })}\n`;
  }
}

/** Reads one line of `encodeJsonLines` back; undefined when it is not one. */
export function decodeOrderLine(line: string): ExportedOrder | undefined {
  try {
    const value = JSON.parse(line) as Partial<ExportedOrder>;
    const { aliases = [], attributes = [], visits, traces = [], messages = [] } = value;
    if (typeof value.orderId !== 'string') return undefined;
    if (![aliases, attributes, visits, traces, messages].every(Array.isArray)) return undefined;
    return {
      orderId: value.orderId,
      aliases,
      attributes,
      visits: (visits as unknown as readonly Record<string, unknown>[]).map(decodeVisit),
      traces,
      messages,
    };
  } catch {
    return undefined;
  }
}

/** Reads the JSON lines of an export as an event log: an event per visit. */
export class JsonLinesReader implements EventLogReader {
  readonly #text = new TextInput();
  #rest = '';
  #line = 0;
  #ordinal = 0;

  push(chunk: Uint8Array): readonly EventLogItem[] {
    return this.#items(this.#text.decode(chunk), false);
  }

  end(): readonly EventLogItem[] {
    return this.#items(this.#text.end(), true);
  }

  #items(chunk: string, isLast: boolean): EventLogItem[] {
    const items: EventLogItem[] = [];
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = isLast ? '' : (lines.pop() ?? '');
    for (const line of lines) {
      this.#line += 1;
      if (line.trim() !== '') this.#order(line, items);
    }
    if (this.#rest.length > MAX_LINE_CHARACTERS) {
      items.push(rejected(this.#line + 1, 'the line is too long', this.#rest.slice(0, MAX_RAW_CHARACTERS)));
      this.#rest = '';
    }
    return items;
  }

  #order(line: string, items: EventLogItem[]): void {
    const order = decodeOrderLine(line);
    if (order === undefined) {
      items.push(rejected(this.#line, 'the line is not an order as `waybill export` writes it', line));
      return;
    }
    const { caseId, attributes: caseAttributes, events } = orderCase(order);
    for (const event of events) {
      const ordinal = this.#ordinal;
      this.#ordinal += 1;
      const problem = nameProblem(caseId, event.activity, event.source, event.id);
      if (problem !== undefined) items.push(rejected(this.#line, problem, line));
      else items.push({ kind: 'event', caseId, ...event, line: this.#line, ordinal, caseAttributes });
    }
  }
}

function decodeVisit(value: Record<string, unknown>): ExportedVisit {
  const enteredAt = time(value['enteredAt']);
  const leftAt = value['leftAt'] === null ? null : time(value['leftAt']);
  return {
    status: text(value['status']),
    system: textOrNull(value['system']),
    enteredAt,
    leftAt,
    dwell: leftAt === null ? null : leftAt - enteredAt,
    evidence: (value['evidence'] as Record<string, unknown>[]).map(decodeEvidence),
  };
}

function decodeEvidence(value: Record<string, unknown>): ExportedEvidence {
  return {
    evidenceKind: text(value['kind']) as EvidenceKind,
    evidenceId: text(value['id']),
    source: text(value['source']),
    occurredAt: time(value['occurredAt']),
    observedAt: time(value['observedAt']),
    traceId: textOrNull(value['traceId']),
    spanId: textOrNull(value['spanId']),
  };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

const textOrNull = (value: unknown): string | null => (value === null ? null : text(value));

function time(value: unknown): UnixNano {
  const at = parseRfc3339(text(value));
  if (at === undefined) throw new TypeError('not a time');
  return at;
}
