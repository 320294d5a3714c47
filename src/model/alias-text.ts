import type { Alias } from './order.ts';

/** How an alias is written in the store: `name=value`. */
export function aliasText(alias: Alias): string {
  return `${alias.name}=${alias.value}`;
}

/** Reads an alias as `aliasText` writes it. */
export function parseAlias(text: string): Alias {
  const equals = text.indexOf('=');
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}
