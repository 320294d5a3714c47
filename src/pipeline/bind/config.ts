import { z } from 'zod';

const attributeName = z.string().min(1).max(256);

/** Configuration of the bind stage: how spans name orders and their statuses. */
export const bindConfig = z
  .object({
    orderIdAttributes: z
      .array(attributeName)
      .min(1)
      .max(50)
      .default(['order.id', 'baggage.order.id'])
      .describe('attributes of spans and span events that carry the canonical order id; the first one present wins'),
    aliases: z
      .array(attributeName)
      .max(50)
      .default([])
      .describe('attributes that carry another id of the order; a span that carries both binds the alias to the order'),
    orderAttributes: z
      .array(attributeName)
      .max(50)
      .default(['order.channel', 'order.product'])
      .describe('attributes of spans that describe the order; figures can be split by them'),
    urlTemplates: z
      .array(z.string().startsWith('/').max(1024).includes('{orderId}', { error: 'must contain {orderId}' }))
      .max(100)
      .default([])
      .describe(
        'paths that name an order: `/orders/{orderId}`, `/orders/{orderId}/**`; `*` is one segment, `**` any rest',
      ),
    urlAttributes: z
      .array(attributeName)
      .max(20)
      .default(['url.path', 'url.full', 'http.target', 'http.url'])
      .describe('attributes whose value is matched against the URL templates'),
    statusEvent: z
      .string()
      .min(1)
      .max(256)
      .default('order.status_changed')
      .describe('name of the span event that reports a status'),
    statusAttribute: attributeName
      .default('order.status')
      .describe('attribute of the span event, or of a span, that carries the status'),
  })
  .strict();

export type BindConfig = z.infer<typeof bindConfig>;
