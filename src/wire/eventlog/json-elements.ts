import { WaybillError } from '../../model/errors.ts';

/** One element of an array that stands at the top of a JSON object. */
export interface JsonElement {
  /** Key of the array. */
  readonly section: string;
  /** The element's own JSON, not yet parsed. */
  readonly text: string;
  readonly line: number;
}

/** Characters of one element. */
const MAX_ELEMENT_CHARACTERS = 16 * 1024 * 1024;

const BACKSLASH = 0x5c;

/**
 * Cuts `{"a":[…],"b":[…]}` into the elements of its arrays, chunk by chunk, so that files larger than memory can be
 * read. Values at the top that are not arrays are passed over. The elements themselves are not checked: who parses them
 * finds out. A file that does not begin with an object, or ends early, throws `malformed_payload`.
 */
export class JsonElements {
  #rest = '';
  /** How much of `#rest` was looked at. */
  #looked = 0;
  #line = 1;
  /** Up to where line ends were counted. */
  #counted = 0;
  #depth = 0;
  #isEnded = false;
  #section: string | undefined;
  #lastKey = '';
  #stringStart = -1;
  #elementStart = -1;

  push(text: string): JsonElement[] {
    const elements: JsonElement[] = [];
    const all = this.#rest + text;
    let at = this.#looked;
    while (at < all.length) {
      if (this.#stringStart !== -1) {
        const end = endOfString(all, this.#stringStart, at);
        if (end === -1) {
          at = all.length;
          break;
        }
        if (this.#depth === 1) this.#lastKey = all.slice(this.#stringStart, end + 1);
        this.#stringStart = -1;
        at = end + 1;
        continue;
      }
      this.#look(all, at, elements);
      at += 1;
    }
    this.#keepFrom(all);
    return elements;
  }

  end(): void {
    if (!this.#isEnded) throw this.#malformed('the file ends early; it was probably cut off');
  }

  #look(all: string, at: number, elements: JsonElement[]): void {
    const character = all.charAt(at);
    switch (character) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        return;
      case '"':
        this.#begin(at);
        this.#stringStart = at;
        return;
      case '{':
      case '[':
        this.#begin(at);
        if (this.#depth === 1 && character === '[') this.#section = JSON.parse(this.#lastKey || '""') as string;
        if (this.#depth === 0 && character !== '{') throw this.#malformed('the file is not a JSON object');
        this.#depth += 1;
        return;
      case '}':
      case ']':
        if (this.#depth === 2) this.#finish(all, at, elements);
        this.#depth -= 1;
        if (this.#depth === 1) this.#section = undefined;
        if (this.#depth === 0) this.#isEnded = true;
        return;
      case ',':
        if (this.#depth === 2) this.#finish(all, at, elements);
        return;
      default:
        this.#begin(at);
    }
  }

  /** Something other than white space stands at `at`. */
  #begin(at: number): void {
    if (this.#isEnded) throw this.#malformed('something follows the JSON object');
    if (this.#depth === 2 && this.#section !== undefined && this.#elementStart === -1) this.#elementStart = at;
  }

  #finish(all: string, at: number, elements: JsonElement[]): void {
    if (this.#elementStart === -1 || this.#section === undefined) return;
    this.#countLines(all, this.#elementStart);
    elements.push({ section: this.#section, text: all.slice(this.#elementStart, at), line: this.#line });
    this.#elementStart = -1;
  }

  /** Moves `#line` to that of the character at `at`. */
  #countLines(all: string, at: number): void {
    for (let lf = all.indexOf('\n', this.#counted); lf !== -1 && lf < at; lf = all.indexOf('\n', lf + 1))
      this.#line += 1;
    this.#counted = at;
  }

  #keepFrom(all: string): void {
    const from =
      this.#elementStart !== -1 ? this.#elementStart : this.#stringStart !== -1 ? this.#stringStart : all.length;
    if (all.length - from > MAX_ELEMENT_CHARACTERS) {
      throw this.#malformed(`an element is longer than ${MAX_ELEMENT_CHARACTERS} characters`);
    }
    this.#countLines(all, from);
    this.#counted = 0;
    this.#rest = all.slice(from);
    this.#looked = all.length - from;
    if (this.#elementStart !== -1) this.#elementStart = 0;
    if (this.#stringStart !== -1) this.#stringStart -= from;
  }

  #malformed(what: string): WaybillError {
    return new WaybillError('malformed_payload', `line ${this.#line} or after: ${what}`);
  }
}

/** Index of the quote that closes the string opened at `open`; -1 when more text is needed. */
function endOfString(text: string, open: number, from: number): number {
  for (let at = text.indexOf('"', Math.max(from, open + 1)); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}
