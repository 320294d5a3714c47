import { z } from 'zod';
import { isSensitiveKey } from '../redact/sensitive-keys.ts';

const name = z.string().min(1).max(256);
const pattern = z.string().min(1).max(255).describe('AMQP topic pattern: `*` is one word, `#` any number of words');

const bodyPath = z
  .string()
  .regex(/^[^.\s]+(\.[^.\s]+){0,15}$/, { error: 'must be names joined by dots, such as order.id, at most 16' })
  .max(256)
  .refine((path) => !path.split('.').some((part) => isSensitiveKey(part, new Set())), {
    error: 'names a value that is redacted before anybody looks at it; choose another one',
  });

const routingKeyTemplate = z.string().min(1).max(255).includes('{value}', { error: 'must contain {value}' });

/** Where in a message a value stands; exactly one key. */
const place = z
  .strictObject({
    header: name.optional().describe('a header of the message'),
    property: z
      .enum(['message_id', 'correlation_id', 'type', 'app_id', 'timestamp'])
      .optional()
      .describe('a property of the message; timestamp is good for times only'),
    body: bodyPath.optional().describe('a path in a JSON body: names joined by dots; a number is an index of an array'),
    routingKey: routingKeyTemplate
      .optional()
      .describe('words of the routing key: `order.{value}.*`; `*` is any word, a final `#` any rest'),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    error: 'give exactly one of header, property, body and routingKey',
  });

/** Which messages a rule is about; all where nothing is given. */
const scope = {
  exchange: z.string().max(255).optional().describe('only messages published to this exchange; default: any'),
  pattern: pattern.optional().describe('only messages whose routing key matches; default: any'),
};

const orderRule = z.strictObject({
  ...scope,
  from: place.describe('where the id stands'),
  alias: name
    .optional()
    .describe('the id is not the canonical one but an alias of this name; default: the canonical order id'),
});

const transitionRule = z
  .strictObject({
    ...scope,
    status: place.optional().describe('where the status stands'),
    is: name.optional().describe('the status itself, where every such message means the same one'),
    map: z
      .record(name, name)
      .optional()
      .describe('statuses by the words that messages use; words that are not listed are left as they are'),
    at: place
      .optional()
      .describe('where the time stands: RFC 3339, or milliseconds since 1970; default: when the message was published'),
  })
  .refine(({ status, is }) => (status === undefined) !== (is === undefined), { error: 'give either status or is' });

/** How messages of RabbitMQ name orders and their statuses, and what is kept of them. */
export const messageConfig = z
  .strictObject({
    orders: z
      .array(orderRule)
      .max(50)
      .default([{ from: { header: 'order.id' } }, { from: { header: 'order-id' } }, { from: { header: 'x-order-id' } }])
      .describe('where messages name their order; the first rule that finds an id wins'),
    transitions: z.array(transitionRule).max(50).default([]).describe('messages that report a status of their order'),
    spans: z
      .enum(['named', 'all', 'none'])
      .default('named')
      .describe(
        'which messages become spans where their clients report none: those that carry a trace context or name an order, all, or none',
      ),
    storeBodies: z
      .boolean()
      .default(false)
      .describe('whether JSON bodies are kept with their spans, redacted and cut; other bodies never are'),
    maxStoredBodyBytes: z.int().min(64).max(65_536).default(4096).describe('Bytes of one stored body; the rest is cut'),
    maxParsedBodyBytes: z
      .int()
      .min(64)
      .max(16_777_216)
      .default(262_144)
      .describe('Bytes of the largest body that rules look into; in larger ones they find nothing'),
  })
  .prefault({})
  .describe('How messages name orders and their statuses.');

export type MessageConfig = z.infer<typeof messageConfig>;
export type Place = z.infer<typeof place>;
export type OrderRule = z.infer<typeof orderRule>;
export type TransitionRule = z.infer<typeof transitionRule>;
