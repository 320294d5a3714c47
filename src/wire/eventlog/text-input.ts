import { TextDecoder } from 'node:util';
import { WaybillError } from '../../model/errors.ts';

/**
 * Turns the bytes of a text file into text, chunk by chunk.
 *
 * A byte-order mark wins over `encoding` (a label of the WHATWG Encoding Standard, default `utf-8`). Bytes that the
 * encoding does not know throw `malformed_payload`: replacing them would change order ids unseen.
 */
export class TextInput {
  readonly #label: string;
  #decoder: TextDecoder | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(encoding = 'utf-8') {
    this.#label = encoding;
    decoderOf(encoding);
  }

  decode(chunk: Uint8Array): string {
    if (this.#decoder !== undefined) return this.#read(this.#decoder, chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < 3) return '';
    return this.#read(this.#start(), this.#head);
  }

  end(): string {
    if (this.#decoder !== undefined) return this.#read(this.#decoder, undefined);
    const decoder = this.#start();
    return this.#read(decoder, this.#head) + this.#read(decoder, undefined);
  }

  #start(): TextDecoder {
    const [first, second, third] = this.#head;
    let label = this.#label;
    if (first === 0xef && second === 0xbb && third === 0xbf) label = 'utf-8';
    else if (first === 0xff && second === 0xfe) label = 'utf-16le';
    else if (first === 0xfe && second === 0xff) label = 'utf-16be';
    this.#decoder = decoderOf(label);
    return this.#decoder;
  }

  #read(decoder: TextDecoder, chunk: Uint8Array | undefined): string {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new WaybillError('malformed_payload', `the file holds bytes that are not ${decoder.encoding}`, {
        remedy: 'name its encoding with --encoding, for example --encoding windows-1251',
        cause,
      });
    }
  }
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw new WaybillError('invalid_argument', 'the encoding is not known', {
      remedy: 'name one of the WHATWG Encoding Standard, for example utf-8 or windows-1251',
      cause,
    });
  }
}
