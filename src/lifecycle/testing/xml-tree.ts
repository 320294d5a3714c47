/** An element of a document with its attributes, its child elements, and the text directly in it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NAME = /[A-Za-z_][A-Za-z0-9_.:-]*/y;
const ILLEGAL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/**
 * Reads a document without comments, CDATA, processing instructions and document type, after its XML declaration.
 * Throws an Error at the first place that is not well-formed.
 */
export function parseXml(document: string): XmlElement {
  return new Reader(document).read();
}

/** The child elements of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): XmlElement {
    if (ILLEGAL.test(this.#text)) throw new Error('a character that XML does not have');
    this.#expect('<?xml version="1.0" encoding="UTF-8"?>');
    this.#space();
    const root = this.#element();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('something behind the root');
    return root;
  }

  #element(): XmlElement {
    this.#expect('<');
    const name = this.#name();
    const attributes = this.#attributes();
    if (this.#accept('/>')) return { name, attributes, children: [], text: '' };
    this.#expect('>');
    const children: XmlElement[] = [];
    let text = '';
    while (!this.#accept('</')) {
      if (this.#text[this.#at] === '<') children.push(this.#element());
      else text += this.#until('<');
    }
    if (this.#name() !== name) this.#fail(`\`${name}\` is not closed`);
    this.#expect('>');
    return { name, attributes, children, text };
  }

  #attributes(): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>();
    while (this.#space() && /[^/>]/.test(this.#text[this.#at] ?? '>')) {
      const name = this.#name();
      if (attributes.has(name)) this.#fail(`\`${name}\` stands twice`);
      this.#expect('="');
      // Attribute values are normalized: white space that is not a reference becomes spaces (XML 1.0, 3.3.3).
      attributes.set(
        name,
        this.#until('"', (raw) => raw.replaceAll(/[\t\n\r]/g, ' ')),
      );
      this.#expect('"');
    }
    return attributes;
  }

  #until(end: string, normalize = (raw: string): string => raw.replaceAll(/\r\n?/g, '\n')): string {
    const stop = this.#text.indexOf(end, this.#at);
    if (stop < 0) this.#fail(`no \`${end}\``);
    const raw = this.#text.slice(this.#at, stop);
    if (raw.includes('<') || raw.includes(']]>')) this.#fail('a bare `<` or `]]>`');
    this.#at = stop;
    return normalize(raw).replaceAll(/&([^;&]*;?)/g, (all, reference: string) => {
      const code = /^#(\d+);$/.exec(reference)?.[1];
      const character = code === undefined ? ENTITIES[reference.slice(0, -1)] : String.fromCodePoint(Number(code));
      return reference.endsWith(';') && character !== undefined ? character : this.#fail(`a bad reference \`${all}\``);
    });
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0] ?? this.#fail('no name');
    this.#at += name.length;
    return name;
  }

  #space(): boolean {
    const before = this.#at;
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#at > before;
  }

  #accept(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail(`no \`${text}\``);
  }

  #fail(what: string): never {
    throw new Error(`not well-formed at ${this.#at}: ${what}: ${this.#text.slice(this.#at, this.#at + 40)}`);
  }
}
