import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  encodeFrame,
  encodeMethod,
  encodeTable,
  FRAME,
  FrameSplitter,
  longText,
  METHOD,
  shortText,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../../../../wire/amqp/frames.ts';

/** Where the scripted broker fails: in what it answers to the publication, or by ending the connection. */
export type Fault = 'none' | 'nack' | 'unroutable' | 'lost_before_confirm' | 'lost_after_confirm' | 'silent';

const NAMES = new Map<number, string>(Object.entries(METHOD).map(([name, method]) => [method, name]));

/** What a client is told of a message. */
interface Scripted {
  /** Payload of its content header. */
  readonly header: Buffer;
  readonly body: Buffer;
}

/** A peer that speaks as much AMQP as a replay needs, holds some messages, and fails where it is told to; for faults that a real broker does not make. */
export class ScriptedBroker {
  /** Names of the methods that came, in their order. */
  readonly seen: string[] = [];
  readonly #server: Server;
  readonly #messages: Scripted[];
  readonly #fault: Fault;
  #handedOut = 0;

  private constructor(messages: readonly Scripted[], fault: Fault) {
    this.#messages = [...messages];
    this.#fault = fault;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(messages: readonly Scripted[], fault: Fault): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(messages, fault);
    await new Promise<void>((done) => broker.#server.listen(0, '127.0.0.1', done));
    return broker;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `amqp://user:password@127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    const splitter = new FrameSplitter(131_072);
    let isGreeted = false;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      // The protocol header is no frame.
      const rest = isGreeted ? bytes : bytes.subarray(8);
      if (!isGreeted)
        socket.write(method0(METHOD.connectionStart, uint16(9), encodeTable({}), longText('PLAIN'), longText('')));
      isGreeted = true;
      for (const { type, payload } of splitter.push(rest)) {
        if (type === FRAME.method) this.#answer(socket, payload.readUInt32BE(0));
        else if (type === FRAME.body) this.#confirm(socket);
      }
    });
  }

  #answer(socket: Socket, method: number): void {
    this.seen.push(NAMES.get(method) ?? String(method));
    if (method === METHOD.connectionStartOk) {
      socket.write(method0(METHOD.connectionTune, uint16(0), uint32(131_072), uint16(0)));
    } else if (method === METHOD.connectionOpen) socket.write(method0(METHOD.connectionOpenOk, shortText('')));
    else if (method === METHOD.channelOpen) socket.write(encodeMethod(1, METHOD.channelOpenOk, longText('')));
    else if (method === METHOD.confirmSelect) socket.write(encodeMethod(1, METHOD.confirmSelectOk));
    else if (method === METHOD.basicGet) this.#handOut(socket);
    else if (method === METHOD.channelClose) {
      if (this.#fault === 'lost_after_confirm') socket.destroy();
      else socket.write(encodeMethod(1, METHOD.channelCloseOk));
    } else if (method === METHOD.connectionClose) socket.write(method0(METHOD.connectionCloseOk));
  }

  #handOut(socket: Socket): void {
    const message = this.#messages[this.#handedOut];
    this.#handedOut += 1;
    if (this.#fault === 'silent') return;
    if (message === undefined) {
      socket.write(encodeMethod(1, METHOD.basicGetEmpty, shortText('')));
      return;
    }
    const place = [shortText('orders.dlx'), shortText('orders.work'), uint32(0)];
    socket.write(encodeMethod(1, METHOD.basicGetOk, uint64(BigInt(this.#handedOut)), uint8(0), ...place));
    socket.write(encodeFrame(FRAME.header, 1, message.header));
    socket.write(encodeFrame(FRAME.body, 1, message.body));
  }

  #confirm(socket: Socket): void {
    const tag = uint64(1n);
    if (this.#fault === 'lost_before_confirm') socket.destroy();
    else if (this.#fault === 'nack') socket.write(encodeMethod(1, METHOD.basicNack, tag, uint8(0)));
    else {
      if (this.#fault === 'unroutable') this.#giveBack(socket);
      socket.write(encodeMethod(1, METHOD.basicAck, tag, uint8(0)));
    }
  }

  #giveBack(socket: Socket): void {
    const [message] = this.#messages;
    if (message === undefined) return;
    const why = [uint16(312), shortText('NO_ROUTE'), shortText(''), shortText('orders.work')];
    socket.write(encodeMethod(1, METHOD.basicReturn, ...why));
    socket.write(encodeFrame(FRAME.header, 1, message.header));
    socket.write(encodeFrame(FRAME.body, 1, message.body));
  }
}

function method0(method: number, ...parts: Buffer[]): Buffer {
  return encodeMethod(0, method, ...parts);
}

/** A message as it is in a dead-letter queue after it was rejected in `orders.work`. */
export function deadMessage(messageId: string, body = 'body'): Scripted {
  const death = Buffer.concat([
    field('count', 'l', uint64(1n)),
    field('reason', 'S', longText('rejected')),
    field('queue', 'S', longText('orders.work')),
    field('exchange', 'S', longText('')),
    field('time', 'T', uint64(1_795_000_000n)),
  ]);
  const deaths = longText(Buffer.concat([Buffer.from('F'), longText(death)]));
  const flags = uint16(0x2000 | 0x0080);
  const properties = [longText(field('x-death', 'A', deaths)), shortText(messageId)];
  const bytes = Buffer.from(body);
  return {
    header: Buffer.concat([uint16(60), uint16(0), uint64(BigInt(bytes.length)), flags, ...properties]),
    body: bytes,
  };
}

function field(name: string, type: string, value: Buffer): Buffer {
  return Buffer.concat([shortText(name), Buffer.from(type), value]);
}
