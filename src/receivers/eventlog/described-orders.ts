import type { EventLogEvent } from '../../wire/eventlog/event.ts';

/** Longest value that describes an order; longer text is no word to split figures by. */
const MAX_VALUE_CHARACTERS = 256;

/** Finds what events say about their orders, and leaves out what the event before already said of the same one. */
export class DescribedOrders {
  #caseId: string | undefined;
  readonly #said = new Map<string, string>();

  /** Names and values that are new since the last event of the same case; empty and overlong values describe nothing. */
  news(event: EventLogEvent, wanted: readonly string[]): [name: string, value: string][] {
    if (wanted.length === 0) return [];
    if (event.caseId !== this.#caseId) {
      this.#caseId = event.caseId;
      this.#said.clear();
    }
    const news: [string, string][] = [];
    for (const [name, , value] of [...event.caseAttributes, ...event.attributes]) {
      if (!wanted.includes(name) || value === '' || value.length > MAX_VALUE_CHARACTERS) continue;
      if (this.#said.get(name) === value) continue;
      this.#said.set(name, value);
      news.push([name, value]);
    }
    return news;
  }
}
