import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { Alias } from '../../model/order.ts';
import { REDACTED } from '../redact/sensitive-keys.ts';
import type { BindConfig } from './config.ts';
import { compileUrlTemplate, type UrlMatcher } from './url-template.ts';

/** What one key-value says about an order; `priority` orders several namings in one place, lowest first. */
export type Naming =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'order'; readonly orderId: string; readonly priority: number }
  | { readonly kind: 'alias'; readonly alias: Alias; readonly priority: number }
  | { readonly kind: 'status'; readonly status: string }
  /** Says that the span failed, where the sender has no status for it: OpenTracing, Zipkin and their bridges. */
  | { readonly kind: 'error' }
  | { readonly kind: 'attribute'; readonly name: string; readonly value: string };

const NOTHING: Naming = { kind: 'nothing' };
const ERROR: Naming = { kind: 'error' };

/** What an attribute says in lower case when its span failed (OpenTracing; OpenTelemetry to Zipkin). */
const ERROR_ATTRIBUTES = new Map([
  ['error', 'true'],
  ['otel.status_code', 'error'],
]);

/** Longest order id, alias value and status that is taken for one; longer values are not ids but text. */
export const MAX_ID_LENGTH = 256;

const UNPRINTABLE = /\p{Cc}/u;

/** Reads namings out of key-values by the configuration. */
export class NamingRules {
  readonly #orderAttributes: ReadonlyMap<string, number>;
  readonly #aliases: ReadonlyMap<string, number>;
  readonly #describing: ReadonlySet<string>;
  readonly #urlAttributes: ReadonlySet<string>;
  readonly #urlMatchers: readonly UrlMatcher[];
  readonly #statusAttribute: string;

  constructor(config: BindConfig) {
    this.#orderAttributes = new Map(config.orderIdAttributes.map((name, index) => [name, index]));
    this.#aliases = new Map(config.aliases.map((name, index) => [name, index]));
    this.#describing = new Set(config.orderAttributes);
    this.#urlAttributes = new Set(config.urlAttributes);
    this.#urlMatchers = config.urlTemplates.map(compileUrlTemplate);
    this.#statusAttribute = config.statusAttribute;
  }

  /** Decides what a key-value names; called once per distinct key-value. */
  namingOf(table: KeyValueTable, id: number): Naming {
    const type = table.typeOf(id);
    const key = table.key(id);
    if (this.#describing.has(key)) return describingNaming(key, table.value(id));
    const errorValue = ERROR_ATTRIBUTES.get(key);
    if (errorValue !== undefined) return table.value(id).toLowerCase() === errorValue ? ERROR : NOTHING;
    if (type !== VALUE_TYPE.string && type !== VALUE_TYPE.int) return NOTHING;
    const priority = this.#orderAttributes.get(key);
    if (priority !== undefined) return orderNaming(table.value(id), priority);
    const aliasPriority = this.#aliases.get(key);
    if (aliasPriority !== undefined) {
      const value = table.value(id);
      return isId(value) ? { kind: 'alias', alias: { name: key, value }, priority: aliasPriority } : NOTHING;
    }
    if (key === this.#statusAttribute) {
      const status = table.value(id);
      return isId(status) ? { kind: 'status', status } : NOTHING;
    }
    if (this.#urlAttributes.has(key)) return this.#urlNaming(table.value(id));
    return NOTHING;
  }

  #urlNaming(url: string): Naming {
    for (const [index, match] of this.#urlMatchers.entries()) {
      const orderId = match(url);
      // A URL is the weakest witness: it ranks behind every attribute.
      if (orderId !== undefined) return orderNaming(orderId, this.#orderAttributes.size + index);
    }
    return NOTHING;
  }
}

function orderNaming(orderId: string, priority: number): Naming {
  return isId(orderId) ? { kind: 'order', orderId, priority } : NOTHING;
}

/** A value of any type describes an order, as long as it is a short word and not what redaction left. */
function describingNaming(name: string, value: string): Naming {
  return isId(value) && value !== REDACTED ? { kind: 'attribute', name, value } : NOTHING;
}

/** Whether a text can be an id: 1 to 256 characters, none of them a control character. */
export function isId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_ID_LENGTH && !UNPRINTABLE.test(text);
}
