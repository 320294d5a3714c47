import { z } from 'zod';
import type { DurationNano } from '../model/units.ts';
import { parseDuration } from './duration.ts';

/** Largest definition file, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 1_048_576;
/** Most statuses in one lifecycle; the checks are quadratic in it. */
export const MAX_STATUSES = 1_000;
/** Most transitions (pairs of statuses) in one lifecycle. */
export const MAX_TRANSITIONS = 10_000;
/** Most values (maps, lists and scalars) in one file, aliases counted as often as they repeat. */
export const MAX_VALUES = 100_000;
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
}

/**
 * The versioned definition of a status machine. One that came from `parseLifecycle` is sound: references exist, every
 * status can be reached from `initial` and can reach a final status, and only `reopen` edges leave a final status.
 */
export interface Lifecycle {
  readonly name: string;
  readonly version: string;
  readonly label: Label;
  readonly initial: string;
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

/** The shape of a definition file; what spans several places (references, reachability) is checked in `soundness.ts`. */
export const definitionSchema = z.strictObject({
  name: name.describe('stable id of the lifecycle, stored with every order'),
  version: name.describe('text, compared for equality only; an order shows the version by which it was judged'),
  label,
  initial: name.describe('id of the status in which every order starts'),
  systems: z.record(name, z.strictObject({ label, services: z.array(name).default([]) })),
  statuses: z
    .array(
      z.strictObject({
        id: name.describe('exactly the text that services report'),
        system: name,
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
    }),
  ),
});

/** A definition file as it reads after the schema: the shape of the YAML, with defaults filled in. */
export type DefinitionFile = z.infer<typeof definitionSchema>;

/** Turns the shape of the file into the flat shape that the rest of Waybill uses. */
export function toLifecycle(file: DefinitionFile): Lifecycle {
  return {
    name: file.name,
    version: file.version,
    label: file.label,
    initial: file.initial,
    systems: Object.entries(file.systems).map(([id, system]) => ({ id, ...system })),
    statuses: file.statuses.map(({ target, ...status }) => ({ ...status, target: target ?? null })),
    transitions: file.transitions.flatMap(({ from, to, reopen }) => to.map((target) => ({ from, to: target, reopen }))),
  };
}
