import { WaybillError } from '../../model/errors.ts';

/** What a local time of a zone is in UTC: one answer, the earlier of two (clocks set back), or none (clocks set forward). */
export type LocalTime =
  | { readonly kind: 'one' | 'earlier_of_two'; readonly utcMs: number }
  | { readonly kind: 'does_not_exist' };

const DAY_MS = 86_400_000;
const SLOT_MS = 900_000;
const MAX_CACHED_SLOTS = 200_000;
const OFFSET = /^([+-])(\d{2}):?(\d{2})$/;

/**
 * Turns local times of one zone into UTC.
 *
 * The zone is `UTC`, an offset (`+03:00`) or a name of the IANA database (`Europe/Moscow`); anything else throws
 * WaybillError `invalid_argument`.
 */
export class Zone {
  readonly #fixedMs: number | undefined;
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offset by quarter of an hour: no zone changes its offset elsewhere, and a log has few of them. */
  readonly #offsets = new Map<number, number>();

  constructor(name: string) {
    const offset = OFFSET.exec(name);
    if (name === 'UTC' || name === 'Z') this.#fixedMs = 0;
    else if (offset !== null) {
      const [, sign, hours, minutes] = offset;
      this.#fixedMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    } else this.#format = formatOf(name);
  }

  /** `localMs` is the local time read as if it were UTC, in milliseconds. */
  toUtc(localMs: number): LocalTime {
    if (this.#fixedMs !== undefined) return { kind: 'one', utcMs: localMs - this.#fixedMs };
    const before = this.#offsetAt(localMs - DAY_MS);
    const after = this.#offsetAt(localMs + DAY_MS);
    const early = localMs - before;
    const late = localMs - after;
    const earlyHolds = this.#offsetAt(early) === before;
    if (before === after) return earlyHolds ? { kind: 'one', utcMs: early } : { kind: 'does_not_exist' };
    const lateHolds = this.#offsetAt(late) === after;
    if (earlyHolds && lateHolds) return { kind: 'earlier_of_two', utcMs: Math.min(early, late) };
    if (earlyHolds) return { kind: 'one', utcMs: early };
    return lateHolds ? { kind: 'one', utcMs: late } : { kind: 'does_not_exist' };
  }

  #offsetAt(utcMs: number): number {
    const slot = Math.floor(utcMs / SLOT_MS);
    const known = this.#offsets.get(slot);
    if (known !== undefined) return known;
    const offset = this.#computeOffset(slot * SLOT_MS);
    if (this.#offsets.size >= MAX_CACHED_SLOTS) this.#offsets.clear();
    this.#offsets.set(slot, offset);
    return offset;
  }

  #computeOffset(utcMs: number): number {
    const fields = new Map(this.#format?.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    const field = (name: Intl.DateTimeFormatPartTypes): number => fields.get(name) ?? 0;
    const local = Date.UTC(
      field('year'),
      field('month') - 1,
      field('day'),
      field('hour'),
      field('minute'),
      field('second'),
    );
    return local - utcMs;
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new WaybillError('invalid_argument', 'the time zone is not known', {
      remedy: 'write UTC, an offset such as +03:00, or a name such as Europe/Moscow',
      cause,
    });
  }
}
