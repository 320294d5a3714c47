import type { UintColumn } from '../../model/columns.ts';
import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import type { InFlight } from '../in-flight.ts';
import { Verdicts } from '../verdicts.ts';
import type { RedactConfig } from './config.ts';
import { redactBody, redactFreeText } from './free-text.ts';
import { redactMessage } from './redact-message.ts';
import { isSensitiveKey, isUrlKey, REDACTED, redactJson, redactUrl } from './sensitive-keys.ts';

/** Attributes whose values are prose. */
const PROSE_KEYS: ReadonlySet<string> = new Set(['exception.message', 'exception.stacktrace']);
/** The key under which bodies of log records are interned. */
const BODY_KEY = '';

/**
 * Replaces values that must not be stored, wherever key-values stand: spans, events, links, log records, data points, exemplars,
 * resources and scopes, and headers and bodies of messages.
 */
export class Redactor {
  readonly #extra: ReadonlySet<string>;
  readonly #replacements: Verdicts<number>;
  #redacted = 0;

  constructor(config: RedactConfig) {
    this.#extra = new Set(config.keys);
    this.#replacements = new Verdicts((table, id) => this.#replacementOf(table, id));
  }

  /** Key-values replaced since start, counted per occurrence. */
  get redactedCount(): number {
    return this.#redacted;
  }

  redact(batch: InFlight): void {
    const { spans, messages } = batch;
    for (const message of messages?.events ?? []) this.#redacted += redactMessage(message, this.#extra);
    for (const letter of messages?.deadLetters ?? []) this.#redacted += redactMessage(letter, this.#extra);
    if (spans !== undefined) this.#redactRows(spans, [spans.attributes, spans.eventAttributes, spans.linkAttributes]);
    const { logs, metrics } = batch;
    if (logs !== undefined) this.#redactRows(logs, [logs.attributes, logs.bodies]);
    if (metrics !== undefined) this.#redactRows(metrics, [metrics.attributes, metrics.exemplarAttributes]);
  }

  #redactRows(origin: Pick<SpanBatch, 'table' | 'resources' | 'scopes'>, columns: readonly UintColumn[]): void {
    const replacementOf = this.#replacements.over(origin.table);
    for (const column of columns) this.#redactColumn(column, replacementOf);
    for (const resource of origin.resources) this.#redactColumn(resource.attributes, replacementOf);
    for (const scope of origin.scopes) this.#redactColumn(scope.attributes, replacementOf);
  }

  #redactColumn(column: UintColumn, replacementOf: (id: number) => number): void {
    const ids = column.values;
    for (let index = 0; index < ids.length; index += 1) {
      const id = ids[index] ?? 0;
      const replacement = replacementOf(id);
      if (replacement === id) continue;
      ids[index] = replacement;
      this.#redacted += 1;
    }
  }

  /** The id to store instead of `id`; `id` itself when the key-value may be kept. */
  #replacementOf(table: KeyValueTable, id: number): number {
    const key = table.key(id);
    const type = table.typeOf(id);
    if (isSensitiveKey(key, this.#extra)) {
      const value = table.value(id);
      return value === REDACTED || type === VALUE_TYPE.empty ? id : table.internText(key, 'string', REDACTED);
    }
    if (type === VALUE_TYPE.string && (isUrlKey(key) || key === BODY_KEY || PROSE_KEYS.has(key))) {
      const value = table.value(id);
      const redact = isUrlKey(key) ? redactUrl : key === BODY_KEY ? redactBody : redactFreeText;
      const redacted = redact(value, this.#extra);
      return redacted === value ? id : table.internText(key, 'string', redacted);
    }
    if (type === VALUE_TYPE.array || type === VALUE_TYPE.kvlist) {
      const prose = key === BODY_KEY ? (text: string) => redactFreeText(text, this.#extra) : undefined;
      const redacted = redactJson(table.value(id), this.#extra, prose);
      return redacted === undefined
        ? id
        : table.internText(key, type === VALUE_TYPE.array ? 'array' : 'kvlist', redacted);
    }
    return id;
  }
}
