import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeContentHeader } from './content-header.ts';
import { encodeFrame, encodeTable, FrameError, FrameSplitter, longText, shortText, uint16, uint64 } from './frames.ts';

const frames = fc.array(
  fc.record({ type: fc.constantFrom(1, 2, 3, 8), channel: fc.nat(65_535), payload: fc.uint8Array({ maxLength: 300 }) }),
  { maxLength: 8 },
);

describe('frames of AMQP', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(({ type, channel, payload }) => encodeFrame(type, channel, payload)));
        const splitter = new FrameSplitter(300);
        const found = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          found.push(...splitter.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(found.map((frame) => ({ ...frame, payload: new Uint8Array(frame.payload) }))).toEqual(
          sent.map((frame) => ({ ...frame, payload: new Uint8Array(frame.payload) })),
        );
      }),
    );
  });

  it('are refused where they are larger than agreed or do not end', () => {
    expect(() => new FrameSplitter(10).push(encodeFrame(3, 1, Buffer.alloc(11)))).toThrow(FrameError);
    const broken = encodeFrame(3, 1, Buffer.alloc(4));
    broken.writeUInt8(0, broken.length - 1);
    expect(() => new FrameSplitter(10).push(broken)).toThrow(FrameError);
  });
});

/** A content header with these flags and properties. */
const header = (flags: number, ...properties: Buffer[]): Buffer =>
  Buffer.concat([uint16(60), uint16(0), uint64(14n), uint16(flags), ...properties]);

describe('a content header', () => {
  it('is read with its properties and headers of every type', () => {
    const field = (name: string, type: string, value: Buffer): Buffer =>
      Buffer.concat([shortText(name), Buffer.from(type), value]);
    const table = longText(
      Buffer.concat([
        field('text', 'S', longText('заказ')),
        field('byte', 'b', Buffer.from([0xff])),
        field('short', 's', Buffer.from([0xff, 0xfe])),
        field('int', 'I', Buffer.from([0, 0, 0, 3])),
        field('long', 'l', uint64(10n)),
        field('time', 'T', uint64(1_795_000_000n)),
        field('yes', 't', Buffer.from([1])),
        field('void', 'V', Buffer.alloc(0)),
        field('bytes', 'x', longText(Buffer.from([1, 2]))),
        field('list', 'A', longText(Buffer.concat([Buffer.from('S'), longText('a')]))),
        field('table', 'F', encodeTable({ inner: 'value' })),
      ]),
    );
    const found = decodeContentHeader(
      header(0x8000 | 0x2000 | 0x0080, shortText('text/plain'), table, shortText('m-1')),
    );
    expect(found).toEqual({
      bodyBytes: 14,
      contentType: 'text/plain',
      messageId: 'm-1',
      headers: {
        text: 'заказ',
        byte: -1,
        short: -2,
        int: 3,
        long: 10,
        time: 1_795_000_000,
        yes: true,
        void: null,
        bytes: Buffer.from([1, 2]),
        list: ['a'],
        table: { inner: 'value' },
      },
    });
  });

  it('is read or refused, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 200 }), (bytes) => {
        try {
          decodeContentHeader(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
