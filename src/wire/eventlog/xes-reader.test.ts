import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventLogItem } from './event.ts';
import { TimestampParser } from './timestamp.ts';
import { XesReader, type XesReaderOptions } from './xes-reader.ts';
import { MAX_DEPTH, MAX_TAG_CHARACTERS } from './xml-tags.ts';

function readAll(xml: string | Uint8Array, options: Partial<XesReaderOptions> = {}, step = 11): EventLogItem[] {
  const reader = new XesReader({ timestamps: new TimestampParser(), ...options });
  const bytes = typeof xml === 'string' ? Buffer.from(xml) : xml;
  const items: EventLogItem[] = [];
  // The XML declaration must come in one piece, as it does with files.
  for (let at = 0; at < bytes.length; at += at === 0 ? 100 : step) {
    items.push(...reader.push(bytes.subarray(at, at + (at === 0 ? 100 : step))));
  }
  items.push(...reader.end());
  return items;
}

const event = (name: string, extra = ''): string =>
  `<event><string key="concept:name" value="${name}"/><date key="time:timestamp" value="2025-01-01T00:00:00.5+01:00"/>${extra}</event>`;
const log = (inside: string): string => `<?xml version="1.0"?>\n<log>${inside}</log>\n`;
const trace = (inside: string): string => log(`<trace><string key="concept:name" value="c1"/>${inside}</trace>`);

const FULL = `<?xml version="1.0" encoding="UTF-8" ?>
<!-- a comment with <tags> & signs -->
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="INVALID"/><event/></global>
  <classifier name="Activity" keys="concept:name"/>
  <string key="origin" value="csv"/>
  <trace>
    <string key='concept:name' value='order &lt;1&gt; &#x1D11E;&#10;&amp;'/>
    <float key="amount" value="12.50"/>
    <event>
      <string key="concept:name" value="A >b"/>
      <date key="time:timestamp" value="2025-01-01T00:00:00.000000001Z"/>
      <string key="lifecycle:transition" value="COMPLETE"/>
      <string key="org:resource" value="CRM"/>
      <list key="items"><values><int key="n" value="1"/><int key="n" value="2"/></values></list>
      <string key="meta" value="x"><boolean key="inner" value="true"/></string>
      <![CDATA[ <event> ]]>
    </event>
    <event><string key="concept:name" value="B"/><date key="time:timestamp" value="2025-01-02T00:00:00Z"/>
      <string key="lifecycle:transition" value="start"/></event>
  </trace>
</log>`;

describe('XES', () => {
  test('traces, events, typed and nested attributes, entities, comments and CDATA are read', () => {
    expect(readAll(FULL)).toEqual([
      {
        kind: 'event',
        caseId: 'order <1> 𝄞\n&',
        activity: 'A >b',
        occurredAt: 1_735_689_600_000_000_001n,
        source: null,
        id: null,
        line: 11,
        ordinal: 0,
        attributes: [
          ['lifecycle:transition', 'string', 'COMPLETE'],
          ['org:resource', 'string', 'CRM'],
          ['items/n', 'int', '1'],
          ['items/n', 'int', '2'],
          ['meta', 'string', 'x'],
          ['meta/inner', 'boolean', 'true'],
        ],
        caseAttributes: [['amount', 'float', '12.50']],
      },
      { kind: 'skipped', line: 20, reason: 'lifecycle' },
    ]);
  });

  test('the outcome does not depend on how the bytes are cut', () => {
    const whole = readAll(FULL, { lifecycle: 'all' }, 100_000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (step) => {
        expect(readAll(FULL, { lifecycle: 'all' }, step)).toEqual(whole);
      }),
    );
    expect(whole).toHaveLength(2);
  });

  test('which lifecycle transitions count is configurable, and events without one count', () => {
    const xml = trace(
      ['start', 'complete', 'schedule']
        .map((name) => event(name, `<string key="lifecycle:transition" value="${name}"/>`))
        .join('') + event('none'),
    );
    const names = (lifecycle?: XesReaderOptions['lifecycle']): unknown[] =>
      readAll(xml, lifecycle === undefined ? {} : { lifecycle }).flatMap((item) =>
        item.kind === 'event' ? [item.activity] : [],
      );
    expect(names()).toEqual(['complete', 'none']);
    expect(names(['START', 'schedule'])).toEqual(['start', 'schedule', 'none']);
    expect(names('all')).toEqual(['start', 'complete', 'schedule', 'none']);
  });

  test('the name of a trace may stand after its events', () => {
    const xml = log(`<trace>${event('A')}<string key="concept:name" value="late"/></trace>`);
    expect(readAll(xml)).toMatchObject([{ caseId: 'late' }]);
  });

  test('an event outside a trace, or in one without name, takes its case from itself or is rejected', () => {
    const own = event('A', '<string key="case:concept:name" value="mine"/>');
    expect(readAll(log(own))).toMatchObject([{ caseId: 'mine' }]);
    expect(readAll(log(`<trace>${own}${event('B')}</trace>`))).toMatchObject([
      { caseId: 'mine' },
      { kind: 'rejected', reason: 'the case id is empty', raw: expect.stringContaining('"B"') },
    ]);
  });

  test('keys are configurable', () => {
    const xml = trace(
      event(
        'A',
        '<string key="org:resource" value="MES"/><id key="identity:id" value="7"/><string key="act" value="X"/>',
      ),
    );
    const mapping = { activity: 'act', source: 'org:resource', id: 'identity:id' };
    expect(readAll(xml, { mapping })).toMatchObject([{ activity: 'X', source: 'MES', id: '7' }]);
  });

  test('events without name or time, or with a time that is none, are rejected with their line', () => {
    const xml = trace(
      `\n<event><string key="concept:name" value="A"/></event>\n<event><date key="time:timestamp" value="2025-01-01T00:00:00Z"/></event>\n${event('B').replace('2025-01-01T00:00:00.5+01:00', 'soon')}\n${event('C')}`,
    );
    expect(readAll(xml).map((item) => [item.kind, item.line])).toEqual([
      ['rejected', 3],
      ['rejected', 4],
      ['rejected', 5],
      ['event', 6],
    ]);
  });

  test('a declared encoding is obeyed', () => {
    const xml = Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?><log><trace><string key="concept:name" value="\u00e9"/>${event('A')}</trace></log>`,
      'latin1',
    );
    expect(readAll(xml)).toMatchObject([{ caseId: 'é' }]);
  });

  test.each([
    ['a document type', '<!DOCTYPE log SYSTEM "http://example.org/x.dtd"><log/>', /document type/],
    ['a billion laughs', '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">]><log>&a;</log>', /document type/],
    ['an unknown entity', trace(event('&secret;')), /entity/],
    ['a bare ampersand', trace(event('a & b')), /entity/],
    ['a character that is none', trace(event('&#xD800;')), /entity/],
    ['a file that was cut off', trace(event('A')).slice(0, -20), /ends early/],
    ['tags that do not match', '<log><trace></log></trace>', /does not match/],
    ['a closing tag alone', '</log>', /does not match/],
    ['two roots', '<log/><log/>', /second element/],
    ['text outside the root', 'hello <log/>', /outside the root/],
    ['another root', '<html><body/></html>', /not <log>/],
    ['an empty file', '', /no XML element/],
    ['a comment that does not end', '<log/><!-- ', /ends early/],
    ['a value without quotes', '<log><trace><string key=a value="b"/></trace></log>', /value in quotes/],
    ['an attribute twice', '<log><trace><string key="a" key="b"/></trace></log>', /twice/],
    ['a tag without name', '<log>< ></log>', /valid name/],
    ['a stray slash', '<log><trace/ ></log>', /stray slash/],
    ['an unescaped <', trace(event('a<b')), /unescaped/],
    ['deep nesting', `<log>${'<a>'.repeat(MAX_DEPTH + 1)}`, /nested deeper/],
    ['a tag without end', `<log><trace a="${'x'.repeat(MAX_TAG_CHARACTERS + 1)}`, /longer than/],
    ['attributes without end', trace(`<event>${'<string key="k" value="v"/>'.repeat(5000)}</event>`), /more than 4096/],
  ])('%s is refused as a whole', (_name, xml, message) => {
    expect(() => readAll(xml, {}, 100_000)).toThrow(message);
    expect(() => readAll(xml, {}, 100_000)).toThrow(expect.objectContaining({ code: 'malformed_payload' }));
  });
});
