export { matchesTopic } from '../../wire/amqp/topic-match.ts';

/** The words of a routing key that stand at `{value}` of a template; undefined where the key does not fit. */
export function valueInRoutingKey(template: string, routingKey: string): string | undefined {
  const words = routingKey.split('.');
  const parts = template.split('.');
  let value: string | undefined;
  for (const [index, part] of parts.entries()) {
    if (part === '#' && index === parts.length - 1) return value;
    const word = words[index];
    if (word === undefined) return undefined;
    if (part === '*') continue;
    const at = part.indexOf('{value}');
    if (at < 0) {
      if (part !== word) return undefined;
      continue;
    }
    const before = part.slice(0, at);
    const behind = part.slice(at + '{value}'.length);
    if (!word.startsWith(before) || !word.endsWith(behind) || word.length <= before.length + behind.length) {
      return undefined;
    }
    value = word.slice(before.length, word.length - behind.length);
  }
  return words.length === parts.length ? value : undefined;
}
