import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ExportPage, exportPage } from '../api/contract/imports.ts';
import { lifecycle } from '../api/contract/statuses.ts';
import { WaybillError } from '../model/errors.ts';
import { parseRfc3339, type UnixNano } from '../model/units.ts';
import { encodeOrders, type TextExportFormat } from '../wire/eventlog/export.ts';
import { writeOcelSqlite } from '../wire/eventlog/ocel-writer.ts';
import type { ExportedOrder } from '../wire/eventlog/order-case.ts';
import { ServerClient } from './server-client.ts';

/** Forms of `waybill export`. */
export const EXPORT_FORMATS = ['csv', 'xes', 'ocel-json', 'ocel-sqlite', 'jsonl'] as const;

/** Flags of `waybill export`. */
export interface ExportFlags {
  readonly server: string;
  readonly format: (typeof EXPORT_FORMATS)[number];
  readonly output?: string;
}

const PAGE = 500;

/** `waybill export`: writes all orders of a running Waybill to a file, or to standard output. */
export async function exportFile(flags: ExportFlags): Promise<void> {
  const server = new ServerClient(flags.server);
  // Asked first, so that a wrong address leaves no file behind.
  await server.get('/api/lifecycle', lifecycle);
  if (flags.format === 'ocel-sqlite') {
    if (flags.output === undefined) {
      throw new WaybillError('invalid_argument', 'a database cannot go to standard output', {
        remedy: 'name a file with --output',
      });
    }
    return writeOcelSqlite(readOrders(server), flags.output);
  }
  const names = flags.format === 'csv' ? await attributeNames(server) : [];
  const text = Readable.from(encodeText(server, flags.format, names));
  if (flags.output === undefined) return pipeline(text, process.stdout, { end: false });
  const unfinished = `${flags.output}.part`;
  try {
    await pipeline(text, createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, flags.output);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw cause;
  }
}

function encodeText(server: ServerClient, format: TextExportFormat, orderAttributes: string[]): AsyncIterable<string> {
  return encodeOrders(format, readOrders(server), { orderAttributes });
}

/** CSV needs its columns before its rows, so the orders are read once for their attributes. */
async function attributeNames(server: ServerClient): Promise<string[]> {
  const names = new Set<string>();
  for await (const order of readOrders(server)) for (const [name] of order.attributes) names.add(name);
  return [...names].sort();
}

async function* readOrders(server: ServerClient): AsyncGenerator<ExportedOrder> {
  let after: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(after === null ? {} : { after }) });
    const page: ExportPage = await server.get(`/api/export?${query.toString()}`, exportPage);
    for (const order of page.orders) yield toExported(order);
    after = page.next;
  } while (after !== null);
}

function toExported(order: ExportPage['orders'][number]): ExportedOrder {
  return {
    orderId: order.orderId,
    aliases: order.aliases,
    attributes: order.attributes.map(({ name, value }) => [name, 'string', value]),
    visits: order.visits.map((visit) => {
      const enteredAt = timeOf(visit.enteredAt);
      const leftAt = visit.leftAt === null ? null : timeOf(visit.leftAt);
      return {
        status: visit.status,
        system: visit.system,
        enteredAt,
        leftAt,
        dwell: leftAt === null ? null : leftAt - enteredAt,
        evidence: visit.evidence.map(({ kind, id, occurredAt, observedAt, ...piece }) => ({
          ...piece,
          evidenceKind: kind,
          evidenceId: id,
          occurredAt: timeOf(occurredAt),
          observedAt: timeOf(observedAt),
        })),
      };
    }),
    traces: order.traces.map((id) => ({ id, attributes: [] })),
    messages: [],
  };
}

function timeOf(text: string): UnixNano {
  const at = parseRfc3339(text);
  if (at === undefined) throw new WaybillError('internal', 'the server sent a time that cannot be read');
  return at;
}
