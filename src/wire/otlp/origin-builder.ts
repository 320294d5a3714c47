import { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { Resource, Scope } from '../../model/span-batch.ts';
import { MAX_UNIX_NANO } from '../../model/units.ts';
import type { DecodeTally } from './decode-tally.ts';
import type { DecodeLimits } from './limits.ts';

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

const MAX_TIME_HIGH = Number(MAX_UNIX_NANO >> 32n);
const MAX_TIME_LOW = Number(MAX_UNIX_NANO & 0xffffffffn);

/** Whether an unsigned 64-bit time fits into the store (MIN_UNIX_NANO is below zero, which fixed64 cannot say). */
export function isStorableTime(low: number, high: number): boolean {
  return high < MAX_TIME_HIGH || (high === MAX_TIME_HIGH && low <= MAX_TIME_LOW);
}

/** Whether a range of bytes is an id of the expected width that is not all zero. */
export function isId(bytes: Uint8Array, start: number, length: number, expected: number): boolean {
  if (length !== expected) return false;
  for (let at = start; at < start + length; at += 1) if (bytes[at] !== 0) return true;
  return false;
}

/** The part of a batch that says where its rows come from. */
export interface BatchOrigins {
  readonly table: KeyValueTable;
  readonly resources: Resource[];
  readonly scopes: Scope[];
}

/**
 * Collects the resource and scope that a decoder is in, for the rows of any signal.
 *
 * They enter the batch with their first accepted row, so that a request of empty resources costs nothing.
 */
export class OriginBuilder {
  readonly batch: BatchOrigins;
  readonly #tally: DecodeTally;
  readonly #maxAttributes: number;
  readonly #serviceNameId: number;

  /** The resource and scope being read; their ids are filled in by the decoder. */
  readonly resourceAttributes = new UintColumn();
  resourceSchemaUrlId = 0;
  readonly scopeAttributes = new UintColumn();
  scopeNameId = 0;
  scopeVersionId = 0;
  /** Places in the batch; -1 until `enterOrigin`. */
  protected resourceIndex = -1;
  protected scopeIndex = -1;

  constructor(batch: BatchOrigins, limits: DecodeLimits, tally: DecodeTally) {
    this.batch = batch;
    this.#tally = tally;
    this.#maxAttributes = limits.maxAttributes;
    this.#serviceNameId = batch.table.strings.internText('service.name');
  }

  beginResource(): void {
    this.resourceAttributes.truncate(0);
    this.resourceSchemaUrlId = 0;
    this.resourceIndex = -1;
    this.scopeIndex = -1;
  }

  beginScope(): void {
    this.scopeAttributes.truncate(0);
    this.scopeNameId = 0;
    this.scopeVersionId = 0;
    this.scopeIndex = -1;
  }

  takesResourceAttribute(): boolean {
    return this.takes(this.resourceAttributes, 0);
  }

  takesScopeAttribute(): boolean {
    return this.takes(this.scopeAttributes, 0);
  }

  /** Whether the list of attributes that began at `from` takes another one; counts the one that it does not take. */
  protected takes(column: UintColumn, from: number): boolean {
    if (column.length - from < this.#maxAttributes) return true;
    this.#tally.droppedAttributes += 1;
    return false;
  }

  /** Puts the resource and scope being read into the batch, once each. */
  protected enterOrigin(): void {
    const { batch } = this;
    if (this.resourceIndex < 0) {
      const attributes = copyOf(this.resourceAttributes);
      const schemaUrlId = this.resourceSchemaUrlId;
      this.resourceIndex = batch.resources.push({ serviceId: this.#serviceId(), attributes, schemaUrlId }) - 1;
    }
    if (this.scopeIndex < 0) {
      const attributes = copyOf(this.scopeAttributes);
      this.scopeIndex = batch.scopes.push({ nameId: this.scopeNameId, versionId: this.scopeVersionId, attributes }) - 1;
    }
  }

  #serviceId(): number {
    const { table } = this.batch;
    for (const id of this.resourceAttributes.values) {
      if (table.keyId(id) === this.#serviceNameId) return table.valueId(id);
    }
    return 0;
  }
}

function copyOf(column: UintColumn): UintColumn {
  const copy = new UintColumn();
  copy.append(column);
  return copy;
}
