import { VALUE_TYPES, type ValueType } from '../model/key-value-table.ts';

/** An attribute as it was sent, its value in canonical text. */
export interface TypedAttribute {
  readonly key: string;
  readonly type: ValueType;
  readonly value: string;
}

/** Attributes that stand in three columns. */
export function toAttributes(
  keys: readonly string[] = [],
  kinds: readonly number[] = [],
  values: readonly string[] = [],
): TypedAttribute[] {
  return keys.map((key, index) => ({ key, type: typeOf(kinds[index]), value: values[index] ?? '' }));
}

/** Attributes that stand in packed texts, each taken apart into its key, and the digit of its type with the value. */
export function partsToAttributes(parts: readonly (readonly string[])[]): TypedAttribute[] {
  return parts.map(([key = '', typed = '']) => ({
    key,
    type: typeOf(Number(typed.slice(0, 1))),
    value: typed.slice(1),
  }));
}

function typeOf(number = 0): ValueType {
  return VALUE_TYPES[number] ?? 'empty';
}
