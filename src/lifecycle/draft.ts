import { MAX_REGIONS, MAX_STATUSES, MAX_TRANSITIONS } from './definition.ts';
import type { Path } from './problem.ts';

/** A status as far as it could be read. */
export interface DraftStatus {
  readonly id: string;
  /** Null when missing or not text. */
  readonly system: string | null;
  /** Further systems that may report it, as far as they are text. */
  readonly reportedBy: readonly DraftReference[];
  /** Null when missing or not text. */
  readonly region: string | null;
  /** Null when neither true nor false. */
  readonly final: boolean | null;
  /** The status in the file; its id is at `[...path, 'id']`. */
  readonly path: Path;
}

/** One pair of statuses out of a transition, as far as it could be read. */
export interface DraftEdge {
  readonly from: string;
  readonly to: string;
  readonly reopen: boolean;
  /** The statuses of its guard, as far as they are text. */
  readonly requires: readonly DraftReference[];
  /** The transition in the file; its `from` is at `[...path, 'from']`. */
  readonly path: Path;
  /** The place of `to`. */
  readonly toPath: Path;
}

/** A name at a place of the file. */
export interface DraftReference {
  readonly name: string;
  readonly path: Path;
}

/** A region as far as it could be read. */
export interface DraftRegion {
  readonly id: string;
  /** Null when missing or not text. */
  readonly initial: string | null;
  readonly startsWhen: readonly DraftReference[];
  readonly optional: boolean;
  readonly path: Path;
}

/**
 * What the checks between several places of a definition need, read leniently from a file that may break the schema, so
 * that one run reports the problems of both kinds.
 */
export interface Draft {
  /** Null when missing or not text. */
  readonly initial: string | null;
  /** The file has something at `initial`, which may be no text. */
  readonly hasInitial: boolean;
  /** Null when there are none; empty when what stands there is no list of regions. */
  readonly regions: readonly DraftRegion[] | null;
  /** Null when `systems` is not a map. */
  readonly systems: ReadonlySet<string> | null;
  /** Null when `statuses` is not a list, or longer than MAX_STATUSES. */
  readonly statuses: readonly DraftStatus[] | null;
  /** At most MAX_TRANSITIONS; null when `transitions` is not a list. */
  readonly edges: readonly DraftEdge[] | null;
  readonly edgesTruncated: boolean;
  /** All statuses and transitions could be read, so that the absence of a way proves something. */
  readonly complete: boolean;
}

/** Reads a draft from whatever the YAML contained. Never throws. */
export function readDraft(content: unknown): Draft {
  const root = isMap(content) ? content : {};
  const initial = typeof root['initial'] === 'string' ? root['initial'] : null;
  const systems = isMap(root['systems']) ? new Set(Object.keys(root['systems'])) : null;
  const statuses = readStatuses(root['statuses']);
  const transitions = readEdges(root['transitions']);
  const regions = readRegions(root['regions']);
  return {
    initial,
    hasInitial: !isMap(content) || content['initial'] !== undefined,
    regions: regions.found,
    systems,
    statuses: statuses.found,
    edges: transitions.found,
    edgesTruncated: transitions.truncated,
    complete: regions.complete && statuses.complete && transitions.complete && !transitions.truncated,
  };
}

function readStatuses(value: unknown): { found: DraftStatus[] | null; complete: boolean } {
  if (!Array.isArray(value)) return { found: null, complete: false };
  if (value.length > MAX_STATUSES) return { found: null, complete: false };
  const found: DraftStatus[] = [];
  let complete = true;
  for (const [index, item] of value.entries()) {
    const { id, system, region, reportedBy, final = false } = isMap(item) ? item : {};
    if (typeof id !== 'string' || typeof final !== 'boolean') complete = false;
    if (typeof id !== 'string') continue;
    found.push({
      id,
      system: typeof system === 'string' ? system : null,
      reportedBy: readReferences(reportedBy, ['statuses', index, 'reportedBy']),
      region: typeof region === 'string' ? region : null,
      final: typeof final === 'boolean' ? final : null,
      path: ['statuses', index],
    });
  }
  return { found, complete };
}

function readEdges(value: unknown): { found: DraftEdge[] | null; complete: boolean; truncated: boolean } {
  if (!Array.isArray(value)) return { found: null, complete: false, truncated: false };
  const found: DraftEdge[] = [];
  let complete = true;
  for (const [index, item] of value.entries()) {
    const { from, to, reopen, requires } = isMap(item) ? item : {};
    const path: Path = ['transitions', index];
    const targets = readTargets(to, [...path, 'to']);
    const guard = readReferences(requires, [...path, 'requires']);
    if (typeof from !== 'string' || targets.length === 0) {
      complete = false;
      continue;
    }
    for (const { target, toPath } of targets) {
      if (found.length === MAX_TRANSITIONS) return { found, complete, truncated: true };
      if (typeof target === 'string') {
        found.push({ from, to: target, reopen: reopen === true, requires: guard, path, toPath });
      }
      if (typeof target !== 'string') complete = false;
    }
  }
  return { found, complete, truncated: false };
}

function readRegions(value: unknown): { found: DraftRegion[] | null; complete: boolean } {
  if (value === undefined) return { found: null, complete: true };
  if (!Array.isArray(value) || value.length > MAX_REGIONS) return { found: [], complete: false };
  const found: DraftRegion[] = [];
  let complete = value.length > 0;
  for (const [index, item] of value.entries()) {
    const { id, initial, startsWhen, optional } = isMap(item) ? item : {};
    if (typeof id !== 'string' || typeof initial !== 'string') complete = false;
    if (typeof id !== 'string') continue;
    const path: Path = ['regions', index];
    found.push({
      id,
      initial: typeof initial === 'string' ? initial : null,
      startsWhen: readReferences(startsWhen, [...path, 'startsWhen']),
      optional: optional === true,
      path,
    });
  }
  return { found, complete };
}

/** At most MAX_REQUIRED are allowed, which the schema checks; what is read here is bounded by the file. */
function readReferences(value: unknown, path: Path): readonly DraftReference[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown, index) => (typeof name === 'string' ? [{ name, path: [...path, index] }] : []));
}

/** One status may stand for the list that contains only it. */
function readTargets(to: unknown, path: Path): readonly { readonly target: unknown; readonly toPath: Path }[] {
  if (typeof to === 'string') return [{ target: to, toPath: path }];
  return Array.isArray(to) ? to.map((target: unknown, position) => ({ target, toPath: [...path, position] })) : [];
}

/** Whether the value came from a YAML map. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
