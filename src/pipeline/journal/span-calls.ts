import { SpanBatch } from '../../model/span-batch.ts';
import { MESSAGING } from '../../model/work-span.ts';
import { Verdicts } from '../verdicts.ts';

/** Attributes that say whom a call goes to, over all generations of conventions; the first one that is there counts. */
const PEER_KEYS: readonly string[] = [
  'peer.service',
  'db.system.name',
  'db.system',
  'messaging.system',
  'server.address',
  'net.peer.name',
  'http.host',
  'rpc.service',
];

/** Attributes that say what is done to a message; the first one that is there counts. */
const OPERATION_KEYS: readonly string[] = [
  'messaging.operation.type',
  'messaging.operation',
  'messaging.operation.name',
];
const SENDS: ReadonlySet<string> = new Set(['send', 'publish', 'create']);
const RECEIVES: ReadonlySet<string> = new Set(['receive', 'poll', 'fetch']);

const NONE = MESSAGING.indexOf(null);
const SEND = MESSAGING.indexOf('send');
const RECEIVE = MESSAGING.indexOf('receive');
// OTLP SpanKind.
const CLIENT = 3;
const CONSUMER = 5;

/** What a key-value says of a call: how early its key stands in a list, and for operations what is done. */
interface Hint {
  /** Lower ones count before higher ones. */
  readonly rank: number;
  readonly isPeer: boolean;
  readonly messaging: number;
}

const hints = new Verdicts<Hint | null>((table, id) => {
  if (table.valueId(id) === 0) return null;
  const key = table.key(id);
  const peer = PEER_KEYS.indexOf(key);
  if (peer >= 0) return { rank: peer, isPeer: true, messaging: NONE };
  const operation = OPERATION_KEYS.indexOf(key);
  if (operation < 0) return null;
  return { rank: operation, isPeer: false, messaging: messagingOf(table.value(id)) };
});

function messagingOf(operation: string): number {
  const name = operation.toLowerCase();
  if (SENDS.has(name)) return SEND;
  return RECEIVES.has(name) ? RECEIVE : NONE;
}

/**
 * What spans say of their calls, so that whoever tells work from waiting need not read their attributes: those are most of what a span
 * takes, and to read them for the spans of one order costs as much as everything else of them.
 */
export interface SpanCalls {
  /** Whom a client calls, as an id of a string; 0 where it does not say, and for other kinds. */
  readonly peerIds: Uint32Array;
  /** For each span a place in `MESSAGING`. */
  readonly messaging: Uint8Array;
}

/** Reads the calls from the attributes of clients, producers and consumers. */
export function spanCalls(spans: SpanBatch): SpanCalls {
  const { table, kinds, attributes, attributeEnds, length } = spans;
  const hintOf = hints.over(table);
  const peerIds = new Uint32Array(length);
  const messaging = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) {
    const kind = kinds.at(row);
    if (kind < CLIENT || kind > CONSUMER) continue;
    let peerRank = Number.POSITIVE_INFINITY;
    let operationRank = Number.POSITIVE_INFINITY;
    const end = attributeEnds.at(row);
    for (let at = SpanBatch.startOf(attributeEnds, row); at < end; at += 1) {
      const id = attributes.at(at);
      const hint = hintOf(id);
      if (hint === null) continue;
      if (!hint.isPeer) {
        if (hint.rank >= operationRank) continue;
        operationRank = hint.rank;
        messaging[row] = hint.messaging;
      } else if (kind === CLIENT && hint.rank < peerRank) {
        peerRank = hint.rank;
        peerIds[row] = table.valueId(id);
      }
    }
  }
  return { peerIds, messaging };
}
