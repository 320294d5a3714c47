import { inspect } from 'node:util';

/** A secret that prints as `[redacted]` wherever it is shown, logged or serialised; only `reveal` gives it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  /** A secret made of this one. */
  derive(make: (value: string) => string): Secret {
    return new Secret(make(this.#value));
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
