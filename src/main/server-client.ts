import type { z } from 'zod';
import { errorBody } from '../api/contract/errors.ts';
import { type ImportBatch, type ImportReference, importAccepted } from '../api/contract/imports.ts';
import type { Batch } from '../model/batch.ts';
import type { Consumer } from '../model/consumer.ts';
import { WaybillError, type WaybillErrorCode } from '../model/errors.ts';
import type { OrderReference } from '../model/order.ts';

/** Longest wait for one answer, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** A running Waybill as commands of the CLI reach it: over its API. */
export class ServerClient implements Consumer {
  readonly #base: string;

  /** @param base for example `http://127.0.0.1:8080` */
  constructor(base: string) {
    this.#base = base.replace(/\/+$/, '');
  }

  /** Asks for a path and checks the answer; errors of the API become WaybillErrors with their message and remedy. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return schema.parse(await this.#fetch(path));
  }

  /** Sends imported facts; resolves when the server has them durable. */
  async consume(batch: Batch): Promise<void> {
    if (batch.kind !== 'facts') throw new WaybillError('internal', 'only facts can be imported');
    const body: ImportBatch = {
      events: batch.facts.map((fact) => ({
        order: toReference(fact.order),
        status: fact.status,
        occurredAt: String(fact.occurredAt),
        source: fact.source,
        id: fact.evidenceId,
        sequence: fact.sequence,
        traceId: fact.traceId,
        spanId: fact.spanId,
      })),
      attributes: (batch.attributes ?? []).map((attribute) => ({
        order: toReference(attribute.order),
        name: attribute.name,
        value: attribute.value,
        occurredAt: String(attribute.occurredAt),
      })),
    };
    importAccepted.parse(
      await this.#fetch('/api/imports', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await this.#reach(path, init);
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return body;
    const parsed = errorBody.safeParse(body);
    if (!parsed.success) {
      throw new WaybillError(
        'internal',
        `${this.#base} answered ${answer.status} and is not a Waybill of this version`,
        {
          remedy: 'give the address of the pages of a running Waybill with --server',
        },
      );
    }
    const { message, remedy, retryable } = parsed.data.error;
    const code: WaybillErrorCode = retryable ? 'overloaded' : answer.status < 500 ? 'invalid_argument' : 'internal';
    throw new WaybillError(code, message, remedy === undefined ? {} : { remedy });
  }

  async #reach(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#base + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new WaybillError('invalid_argument', `no Waybill answers at ${this.#base}`, {
        remedy: 'start one with `waybill serve`, or give its address with --server',
        cause,
      });
    }
  }
}

function toReference(order: OrderReference): ImportReference {
  if (order.kind === 'order') return { orderId: order.orderId };
  if (order.kind === 'alias') return { alias: { name: order.alias.name, value: order.alias.value } };
  throw new WaybillError('internal', 'an imported event must name its order');
}
