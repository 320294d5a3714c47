import { formatRfc3339 } from '../../model/units.ts';
import type { Attribute, EventLogCase } from './event.ts';

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
`;

/** Keys under which the writer puts source and id of an event. */
export const XES_KEYS = { source: 'org:resource', id: 'concept:instance' } as const;

/**
 * Writes cases as XES (IEEE 1849): a trace per case, an event per event with `lifecycle:transition=complete`, times in
 * RFC 3339 UTC with up to nine fraction digits.
 *
 * Characters that XML 1.0 cannot hold (most control characters, halves of surrogate pairs) become U+FFFD.
 */
export async function* encodeXes(cases: AsyncIterable<EventLogCase>): AsyncGenerator<string> {
  yield HEAD;
  for await (const { caseId, attributes, events } of cases) {
    let text = '  <trace>\n';
    text += element('    ', ['concept:name', 'string', caseId]);
    for (const attribute of attributes) text += element('    ', attribute);
    for (const event of events) {
      text += '    <event>\n';
      text += element('      ', ['concept:name', 'string', event.activity]);
      text += element('      ', ['time:timestamp', 'date', formatRfc3339(event.occurredAt)]);
      if (!event.attributes.some(([name]) => name === 'lifecycle:transition')) {
        text += element('      ', ['lifecycle:transition', 'string', 'complete']);
      }
      if (event.source !== null) text += element('      ', [XES_KEYS.source, 'string', event.source]);
      if (event.id !== null) text += element('      ', [XES_KEYS.id, 'string', event.id]);
      for (const attribute of event.attributes) text += element('      ', attribute);
      text += '    </event>\n';
    }
    yield `${text}  </trace>\n`;
  }
  yield '</log>\n';
}

function element(indent: string, [name, type, value]: Attribute): string {
  return `${indent}<${type} key="${escaped(name)}" value="${escaped(value)}"/>\n`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // As references, because a parser turns the characters themselves into spaces (XML 1.0, 3.3.3).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[&<>"\t\n\r]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, (character) => (/[\u007f-\u009f]/.test(character) ? character : '\ufffd'));
}
