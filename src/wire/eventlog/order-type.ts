import { WaybillError } from '../../model/errors.ts';

/**
 * Chooses the object type of an OCEL file that is the order.
 *
 * `wanted` must be one of the file's types. Without it, the only type whose name speaks of orders is taken, or the only
 * type there is; otherwise it throws `invalid_argument`, and the remedy lists the types.
 */
export function chooseOrderType(types: readonly string[], wanted?: string): string {
  if (wanted !== undefined) {
    if (types.includes(wanted)) return wanted;
    throw new WaybillError('invalid_argument', 'the file has no object type of the given name', {
      remedy: remedy(types),
    });
  }
  const named = types.filter((type) => /order|заказ/i.test(type));
  const exact = named.filter((type) => /^(orders?|заказы?)$/i.test(type));
  for (const candidates of [exact, named, types]) {
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) return only;
  }
  throw new WaybillError('invalid_argument', 'it is not clear which object type of the file is the order', {
    remedy: remedy(types),
  });
}

function remedy(types: readonly string[]): string {
  const shown = types.slice(0, 40).join(', ').slice(0, 1000);
  return shown === '' ? 'the file names no object type' : `name one of them with --object-type: ${shown}`;
}
