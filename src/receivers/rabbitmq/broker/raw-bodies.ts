import type { Connection } from 'rabbitmq-client';

/** What the library takes for a content encoding: it then leaves the body alone. */
const AS_IT_IS = 'as-it-is';

/**
 * Makes every channel of a connection hand out bodies as the bytes that came. The library would parse JSON, after which numbers and white
 * space are not what they were: a message could no longer be recognised by its body, nor put back as it was.
 */
export function keepBodiesRaw(connection: Connection): void {
  const acquire = connection.acquire.bind(connection);
  connection.acquire = async (options) => {
    const channel = await acquire(options);
    const onHeader: unknown = Reflect.get(channel, '_onHeader');
    if (typeof onHeader !== 'function') throw new Error('rabbitmq-client has changed inside: bodies would be parsed');
    Reflect.set(channel, '_onHeader', (frame: { fields: Record<string, unknown> }) => {
      frame.fields['contentEncoding'] ??= AS_IT_IS;
      Reflect.apply(onHeader, channel, [frame]);
    });
    return channel;
  };
}
