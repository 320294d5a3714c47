import { z } from 'zod';
import type { DurationNano } from '../model/units.ts';
import { calendarSchema } from './calendar-definition.ts';
import { parseDuration } from './duration.ts';
import type { WorkingCalendar } from './dwell/calendar.ts';

/** Largest definition file, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 1_048_576;
/** Most statuses in one lifecycle; the checks are quadratic in it. */
export const MAX_STATUSES = 1_000;
/** Most transitions (pairs of statuses) in one lifecycle. */
export const MAX_TRANSITIONS = 10_000;
/** Most values (maps, lists and scalars) in one file, aliases counted as often as they repeat. */
export const MAX_VALUES = 100_000;
/** Most parallel regions in one lifecycle. */
export const MAX_REGIONS = 32;
/** Most statuses that one guard may list. */
export const MAX_REQUIRED = 16;
/** How often one YAML anchor may be repeated; more is taken for an attempt to blow the file up. */
export const MAX_ALIAS_COUNT = 100;

/** The languages of the product. */
export type Language = 'ru' | 'en';

/** A name for people, in the languages of the product. */
type Label = Readonly<Record<Language, string>>;

/** A system that owns statuses (shop, CRM, MES …). */
interface LifecycleSystem {
  readonly id: string;
  readonly label: Label;
  /** `service.name` of the services that belong to the system; may be empty. */
  readonly services: readonly string[];
}

/** One state of the status machine. */
export interface LifecycleStatus {
  /** Exactly the text that services report. */
  readonly id: string;
  /** Id of the owning system. */
  readonly system: string;
  /** Ids of further systems that may report the status without deviating. */
  readonly reportedBy: readonly string[];
  /** Id of the region that the status belongs to; null on a flat machine. */
  readonly region: string | null;
  readonly label: Label;
  /** Longest dwell that counts as good, in nanoseconds; null where the definition names none. */
  readonly target: DurationNano | null;
  /** An order here is complete. */
  readonly final: boolean;
}

/** One allowed move. `from` equal to `to` is a self-edge: reporting the status again makes a new visit. */
export interface LifecycleTransition {
  readonly from: string;
  readonly to: string;
  /** The move opens a completed order again; set on every edge out of a final status and nowhere else. */
  readonly reopen: boolean;
  /**
   * Guard: statuses of other regions. The move is allowed while every region named here is in one of its statuses named here.
   * Empty: always allowed.
   */
  readonly requires: readonly string[];
}

/** One of several machines that an order goes through at the same time; typically one a system. */
export interface LifecycleRegion {
  readonly id: string;
  readonly label: Label;
  /** Status in which the region begins. */
  readonly initial: string;
  /** Guard on beginning, with the meaning of `LifecycleTransition.requires`. */
  readonly startsWhen: readonly string[];
  /** An order may be complete without the region ever beginning. */
  readonly optional: boolean;
}

/**
 * The versioned definition of a status machine. One that came from `parseLifecycle` is sound: references exist, every
 * status can be reached from `initial` and can reach a final status, and only `reopen` edges leave a final status. With regions
 * that holds for every combination of their statuses that guards let an order reach.
 */
export interface Lifecycle {
  readonly name: string;
  readonly version: string;
  readonly label: Label;
  /** Where an order starts; with regions, the initial status of the first one. `initialStatuses` gives all. */
  readonly initial: string;
  /** Longest time from the first status to completion that counts as good, in nanoseconds; null where none is named. */
  readonly target: DurationNano | null;
  /** When work is done; null where time counts around the clock. */
  readonly calendar: WorkingCalendar | null;
  /** In the order of the file; empty on a flat machine. */
  readonly regions: readonly LifecycleRegion[];
  /** In the order of the file. */
  readonly systems: readonly LifecycleSystem[];
  /** In the order of the file, which is also the order of lists and maps in the UI. */
  readonly statuses: readonly LifecycleStatus[];
  /** In the order of the file. */
  readonly transitions: readonly LifecycleTransition[];
}

const NAME_REMEDY = 'Write 1 to 256 characters without control characters and without spaces at the ends.';

/** Messages of the refinements below; `parse.ts` reads the code and the remedy back from `params`. */
function custom(code: string, message: string, remedy: string) {
  return { code: 'custom' as const, message, params: { code, remedy } };
}

const name = z.string().superRefine((text, context) => {
  const bad = text.length === 0 || text.length > 256 || text.trim() !== text || /\p{Cc}/u.test(text);
  if (bad) context.addIssue(custom('invalid_value', 'is not a usable name', NAME_REMEDY));
});

const label = z.strictObject({ ru: name, en: name });

const duration = z.string().transform((text, context): DurationNano => {
  const parsed = parseDuration(text);
  if (parsed !== undefined) return parsed;
  const remedy = 'Write a number and a unit: `30 s`, `5 min`, `3 h`, `2 d`, `1 h 30 min`; at most `3650 d`.';
  context.addIssue(custom('invalid_duration', `\`${text.slice(0, 40)}\` is not a duration`, remedy));
  return z.NEVER;
});

const guard = z.array(name).min(1).max(MAX_REQUIRED);

/** The shape of a definition file; what spans several places (references, reachability) is checked in `soundness.ts`. */
export const definitionSchema = z.strictObject({
  name: name.describe('stable id of the lifecycle, stored with every order'),
  version: name.describe('text, compared for equality only; an order shows the version by which it was judged'),
  label,
  initial: name.optional().describe('id of the status in which every order starts; with `regions` each has its own'),
  target: duration.optional().describe('longest time from start to completion that counts as good'),
  calendar: calendarSchema.optional().describe('working hours; without them time counts around the clock'),
  regions: z
    .array(
      z.strictObject({
        id: name,
        label,
        initial: name,
        startsWhen: guard.optional().describe('statuses of other regions in which this one may begin'),
        optional: z.boolean().default(false).describe('an order may be complete without this region'),
      }),
    )
    .min(1)
    .max(MAX_REGIONS)
    .optional(),
  systems: z.record(name, z.strictObject({ label, services: z.array(name).default([]) })),
  statuses: z
    .array(
      z.strictObject({
        id: name.describe('exactly the text that services report'),
        system: name,
        reportedBy: z.array(name).default([]).describe('further systems that may report the status'),
        region: name.optional().describe('required for every status when there are regions'),
        label,
        target: duration.optional().describe('longest dwell that counts as good'),
        final: z.boolean().default(false),
      }),
    )
    .min(1)
    .max(MAX_STATUSES),
  transitions: z.array(
    z.strictObject({
      from: name,
      to: z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(name).min(1)),
      reopen: z.boolean().default(false).describe('required on edges out of a final status'),
      requires: guard.optional().describe('statuses of other regions during which the move is allowed'),
    }),
  ),
});

/** A definition file as it reads after the schema: the shape of the YAML, with defaults filled in. */
export type DefinitionFile = z.infer<typeof definitionSchema>;

/** Turns the shape of the file into the flat shape that the rest of Waybill uses. */
export function toLifecycle(file: DefinitionFile): Lifecycle {
  const regions = (file.regions ?? []).map(({ startsWhen, ...region }) => ({
    ...region,
    startsWhen: startsWhen ?? [],
  }));
  return {
    name: file.name,
    version: file.version,
    label: file.label,
    initial: file.initial ?? regions[0]?.initial ?? '',
    target: file.target ?? null,
    calendar: file.calendar ?? null,
    regions,
    systems: Object.entries(file.systems).map(([id, system]) => ({ id, ...system })),
    statuses: file.statuses.map(({ target, region, ...status }) => ({
      ...status,
      region: region ?? null,
      target: target ?? null,
    })),
    transitions: file.transitions.flatMap(({ from, to, reopen, requires }) =>
      to.map((target) => ({ from, to: target, reopen, requires: requires ?? [] })),
    ),
  };
}

/** Every status in which an order, or one of its regions, may start. */
export function initialStatuses({ initial, regions }: Lifecycle): ReadonlySet<string> {
  return new Set(regions.length === 0 ? [initial] : regions.map((region) => region.initial));
}
