import { WaybillError } from '../../model/errors.ts';

/** One tag; `<a/>` gives an opening and a closing one. Text between tags is not reported: XES has none that matters. */
export type XmlTag =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly line: number;
    }
  | { readonly kind: 'close'; readonly name: string; readonly line: number };

/** Open elements at one time. */
export const MAX_DEPTH = 64;

/** Characters of one tag, comment or CDATA section. */
export const MAX_TAG_CHARACTERS = 1024 * 1024;

/**
 * Cuts XML into tags, chunk by chunk: elements, attributes, character and the five predefined entities.
 *
 * Comments, CDATA sections and processing instructions are passed over. A document type is refused: it could define
 * entities, which the formats read here do not need and which attacks are made of. Whatever is not well-formed (tags
 * that do not match, a second root, an unknown entity, a file that ends early) throws `malformed_payload` with the line.
 */
export class XmlTags {
  #rest = '';
  /** Line of the first character of `#rest`. */
  #line = 1;
  readonly #open: string[] = [];
  #hasRoot = false;

  push(text: string): XmlTag[] {
    const tags: XmlTag[] = [];
    const all = this.#rest + text;
    let at = 0;
    let lineAt = 0;
    for (;;) {
      const start = all.indexOf('<', at);
      if (start === -1) {
        this.#checkText(all.slice(at));
        at = all.length;
        break;
      }
      this.#checkText(all.slice(at, start));
      this.#line += newlines(all, lineAt, start);
      lineAt = start;
      const end = this.#tag(all, start, tags);
      if (end === -1) {
        if (all.length - start > MAX_TAG_CHARACTERS)
          throw this.#malformed(`a tag is longer than ${MAX_TAG_CHARACTERS} characters`);
        at = start;
        break;
      }
      at = end;
    }
    this.#line += newlines(all, lineAt, at);
    this.#rest = all.slice(at);
    return tags;
  }

  end(): void {
    const inside = this.#open.at(-1);
    if (this.#rest.trim() !== '' || inside !== undefined)
      throw this.#malformed('the file ends early; it was probably cut off');
    if (!this.#hasRoot) throw this.#malformed('the file holds no XML element');
  }

  /** Reads what starts with the `<` at `start`; answers where it ends, -1 when more text is needed. */
  #tag(all: string, start: number, tags: XmlTag[]): number {
    switch (all.charAt(start + 1)) {
      case '':
        return -1;
      case '?':
        return after(all, '?>', start + 2);
      case '!':
        return this.#declaration(all, start);
      case '/': {
        const end = all.indexOf('>', start + 2);
        if (end === -1) return -1;
        this.#close(all.slice(start + 2, end).trim(), tags);
        return end + 1;
      }
      default:
        return this.#element(all, start, tags);
    }
  }

  #declaration(all: string, start: number): number {
    if (all.startsWith('<!--', start)) return after(all, '-->', start + 4);
    if (all.startsWith('<![CDATA[', start)) return after(all, ']]>', start + 9);
    if (all.length - start < 9) return -1;
    throw this.#malformed('a document type is not accepted', 'remove the DOCTYPE declaration from the file');
  }

  #element(all: string, start: number, tags: XmlTag[]): number {
    const nameEnd = endOfName(all, start + 1);
    const attributes = new Map<string, string>();
    let at = skipSpace(all, nameEnd);
    while (at < all.length && all.charAt(at) !== '>' && all.charAt(at) !== '/') {
      const end = this.#attribute(all, at, attributes);
      if (end === -1) return -1;
      at = skipSpace(all, end);
    }
    const isEmpty = all.charAt(at) === '/';
    const last = isEmpty ? at + 1 : at;
    if (last >= all.length) return -1;
    if (all.charAt(last) !== '>') throw this.#malformed('a tag has a stray slash');
    const name = all.slice(start + 1, nameEnd);
    this.#begin(name, attributes, tags);
    if (isEmpty) this.#close(name, tags);
    return last + 1;
  }

  /** Reads `name="value"`; answers where it ends, -1 when more text is needed. */
  #attribute(all: string, start: number, attributes: Map<string, string>): number {
    const nameEnd = endOfName(all, start);
    const equals = skipSpace(all, nameEnd);
    const quoteAt = skipSpace(all, equals + 1);
    if (quoteAt >= all.length) return -1;
    const quote = all.charAt(quoteAt);
    if (all.charAt(equals) !== '=' || (quote !== '"' && quote !== "'") || nameEnd === start) {
      throw this.#malformed('an attribute has no value in quotes');
    }
    const close = all.indexOf(quote, quoteAt + 1);
    if (close === -1) return -1;
    const key = all.slice(start, nameEnd);
    if (attributes.has(key)) throw this.#malformed('an attribute stands twice in one tag');
    attributes.set(key, this.#value(all.slice(quoteAt + 1, close)));
    return close + 1;
  }

  #begin(name: string, attributes: ReadonlyMap<string, string>, tags: XmlTag[]): void {
    if (!/^[\p{L}_:][\p{L}\p{N}_:.-]*$/u.test(name)) throw this.#malformed('a tag has no valid name');
    if (this.#open.length === 0 && this.#hasRoot) throw this.#malformed('a second element follows the root element');
    if (this.#open.length >= MAX_DEPTH) throw this.#malformed(`elements are nested deeper than ${MAX_DEPTH}`);
    this.#hasRoot = true;
    this.#open.push(name);
    tags.push({ kind: 'open', name, attributes, line: this.#line });
  }

  #close(name: string, tags: XmlTag[]): void {
    const open = this.#open.pop();
    if (open !== name) throw this.#malformed('a closing tag does not match the opening one');
    tags.push({ kind: 'close', name, line: this.#line });
  }

  /** XML 1.0, 3.3.3: white space in a value is a space unless it is written as a character reference. */
  #value(text: string): string {
    if (text.includes('<')) throw this.#malformed('a value holds an unescaped <');
    const plain = /[\t\n\r]/.test(text) ? text.replaceAll(/\r\n|[\t\n\r]/g, ' ') : text;
    if (!plain.includes('&')) return plain;
    return plain.replaceAll(/&([^;&]*);?/g, (whole, entity: string) => this.#entity(whole, entity));
  }

  #entity(whole: string, entity: string): string {
    const known = PREDEFINED.get(entity);
    if (known !== undefined && whole.endsWith(';')) return known;
    const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(entity);
    const code = match === null ? -1 : match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
    if (!whole.endsWith(';') || code < 1 || code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw this.#malformed('an entity is not known; only the five of XML and character numbers are');
    }
    return String.fromCodePoint(code);
  }

  /** Outside the root only white space may stand. */
  #checkText(text: string): void {
    if (this.#open.length === 0 && text.trim() !== '') throw this.#malformed('text stands outside the root element');
  }

  #malformed(what: string, remedy?: string): WaybillError {
    return new WaybillError('malformed_payload', `line ${this.#line}: ${what}`, remedy === undefined ? {} : { remedy });
  }
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Up to white space, `/`, `>` or `=`. */
function endOfName(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isSpace(code) || code === 0x2f || code === 0x3e || code === 0x3d) break;
  }
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? -1 : at + mark.length;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
