import { closestName } from './closest-name.ts';

/** Unknown names for which a similar one is looked up; the search compares letter by letter. */
const MAX_SUGGESTIONS = 50;

/** Resolves references to statuses, and guesses what a mistyped one stands for. */
export class Resolver {
  readonly #known: ReadonlySet<string>;
  readonly #guesses = new Map<string, string | undefined>();

  constructor(known: Iterable<string>) {
    this.#known = new Set(known);
  }

  /** The status that the reference means, a guess included; undefined when it means none. */
  resolve(reference: string): string | undefined {
    if (this.#known.has(reference)) return reference;
    if (!this.#guesses.has(reference)) {
      const look = this.#guesses.size < MAX_SUGGESTIONS;
      this.#guesses.set(reference, look ? closestName(reference, this.#known) : undefined);
    }
    return this.#guesses.get(reference);
  }

  /** What to do about a reference that means none. */
  remedy(reference: string): string {
    const guess = this.resolve(reference);
    return guess === undefined
      ? `Add a status with id \`${reference}\` to \`statuses\`, or correct the name.`
      : `Did you mean \`${guess}\`?`;
  }
}
