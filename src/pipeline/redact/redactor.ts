import type { UintColumn } from '../../model/columns.ts';
import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { InFlight } from '../in-flight.ts';
import { Verdicts } from '../verdicts.ts';
import type { RedactConfig } from './config.ts';
import { isSensitiveKey, isUrlKey, REDACTED, redactJson, redactUrl } from './sensitive-keys.ts';

/** Replaces values that must not be stored, wherever key-values stand: spans, events, links, resources and scopes. */
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
    const { spans } = batch;
    if (spans === undefined) return;
    const replacementOf = this.#replacements.over(spans.table);
    this.#redactColumn(spans.attributes, replacementOf);
    this.#redactColumn(spans.eventAttributes, replacementOf);
    this.#redactColumn(spans.linkAttributes, replacementOf);
    for (const resource of spans.resources) this.#redactColumn(resource.attributes, replacementOf);
    for (const scope of spans.scopes) this.#redactColumn(scope.attributes, replacementOf);
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
    if (type === VALUE_TYPE.string && isUrlKey(key)) {
      const value = table.value(id);
      const redacted = redactUrl(value, this.#extra);
      return redacted === value ? id : table.internText(key, 'string', redacted);
    }
    if (type === VALUE_TYPE.array || type === VALUE_TYPE.kvlist) {
      const redacted = redactJson(table.value(id), this.#extra);
      return redacted === undefined
        ? id
        : table.internText(key, type === VALUE_TYPE.array ? 'array' : 'kvlist', redacted);
    }
    return id;
  }
}
