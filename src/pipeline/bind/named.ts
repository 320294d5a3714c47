import type { UintColumn } from '../../model/columns.ts';
import type { Alias } from '../../model/order.ts';
import type { Naming } from './namings.ts';

/** What one list of attributes (of a span, an event or a log record) names. */
export interface Named {
  orderId: string | undefined;
  orderPriority: number;
  alias: Alias | undefined;
  aliasPriority: number;
  aliases: Alias[] | undefined;
  status: string | undefined;
  /** Whether an attribute says that the work failed. */
  isError: boolean;
  attributes: { name: string; value: string }[] | undefined;
}

/** What most lists name. */
export const NAMES_NOTHING: Readonly<Named> = {
  orderId: undefined,
  orderPriority: Number.POSITIVE_INFINITY,
  alias: undefined,
  aliasPriority: Number.POSITIVE_INFINITY,
  aliases: undefined,
  status: undefined,
  isError: false,
  attributes: undefined,
};

/** Reads the namings of the key-values in `column[start … end)`; `NAMES_NOTHING` itself where there are none. */
export function readNamings(
  column: UintColumn,
  start: number,
  end: number,
  namingOf: (id: number) => Naming,
): Readonly<Named> {
  let found: Named | undefined;
  for (let index = start; index < end; index += 1) {
    const naming = namingOf(column.at(index));
    if (naming.kind === 'nothing') continue;
    found ??= { ...NAMES_NOTHING };
    const named = found;
    if (naming.kind === 'status') named.status = naming.status;
    else if (naming.kind === 'error') named.isError = true;
    else if (naming.kind === 'attribute') (named.attributes ??= []).push({ name: naming.name, value: naming.value });
    else if (naming.kind === 'order') {
      if (naming.priority < named.orderPriority) {
        named.orderId = naming.orderId;
        named.orderPriority = naming.priority;
      }
    } else {
      named.aliases = [...(named.aliases ?? []), naming.alias];
      if (naming.priority < named.aliasPriority) {
        named.alias = naming.alias;
        named.aliasPriority = naming.priority;
      }
    }
  }
  return found ?? NAMES_NOTHING;
}
