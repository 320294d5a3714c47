import { stripVTControlCharacters, styleText } from 'node:util';

/** Where a {@link Terminal} writes: standard output, or a recording in tests. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
}

/** How a {@link Terminal} behaves. */
export interface TerminalOptions {
  /** Lines may be redrawn in place: the output is a TTY. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** Milliseconds; default `performance.now`. */
  readonly clock?: () => number;
}

/** The colours of the demo; each has one meaning. */
export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'bold' | 'accent';

const tones = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', bold: 'bold', accent: 'cyan' } as const;

/** Columns of a step: what, where, how long. */
const nameWidth = 14;
const detailWidth = 46;

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Finished lines, and below them at most one live line that is redrawn in place. */
export class Terminal {
  readonly interactive: boolean;
  readonly #output: Output;
  readonly #colour: boolean;
  readonly #clock: () => number;
  readonly #active = new Map<string, number>();
  #status: string | undefined;
  #drawn = false;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, options: TerminalOptions) {
    this.#output = output;
    this.interactive = options.interactive;
    this.#colour = options.colour;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** The text in a colour, when there are colours. */
  paint(tone: Tone, text: string): string {
    return this.#colour ? styleText(tones[tone], text, { validateStream: false }) : text;
  }

  /** Prints finished lines above the live one. */
  print(...lines: readonly string[]): void {
    this.#erase();
    for (const line of lines) this.#output.write(`${line}\n`);
    this.#draw();
  }

  /**
   * Does a piece of work and prints one line with its outcome and its time.
   *
   * @param detail what to say about the result
   * @param meanwhile the name while the work goes on, when it differs
   */
  async step<T>(name: string, work: () => Promise<T>, detail: (result: T) => string, meanwhile = name): Promise<T> {
    const began = this.#clock();
    this.#active.set(meanwhile, began);
    this.#animate();
    const elapsed = () => formatSeconds(this.#clock() - began);
    try {
      const result = await work();
      this.#active.delete(meanwhile);
      this.print(this.#stepLine(this.paint('good', '✓'), name, detail(result), elapsed()));
      return result;
    } catch (error) {
      this.#active.delete(meanwhile);
      const interrupted = error instanceof Error && error.name === 'Interrupted';
      const mark = interrupted ? this.paint('dim', '–') : this.paint('bad', '✗');
      this.print(this.#stepLine(mark, name, interrupted ? 'interrupted' : 'failed', elapsed()));
      throw error;
    } finally {
      this.#animate();
    }
  }

  /** Shows a status in the live line; undefined removes it. Without a TTY nothing is shown. */
  status(text: string | undefined): void {
    this.#erase();
    this.#status = text;
    this.#draw();
  }

  /** Removes the live line and stops redrawing. */
  close(): void {
    this.#erase();
    this.#status = undefined;
    this.#active.clear();
    this.#animate();
  }

  #stepLine(mark: string, name: string, detail: string, elapsed: string): string {
    return `  ${mark} ${name.padEnd(nameWidth)} ${detail.padEnd(detailWidth)} ${this.paint('dim', elapsed.padStart(8))}`;
  }

  #animate(): void {
    const wanted = this.interactive && this.#active.size > 0;
    if (wanted && this.#timer === undefined) {
      this.#timer = setInterval(() => {
        this.#frame += 1;
        this.#erase();
        this.#draw();
      }, 120);
      this.#timer.unref();
    } else if (!wanted && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #erase(): void {
    if (!this.#drawn) return;
    this.#output.write('\r\x1b[2K');
    this.#drawn = false;
  }

  #draw(): void {
    const text = this.#active.size > 0 ? this.#progress() : this.#status;
    if (!this.interactive || text === undefined) return;
    this.#output.write(this.#fitted(text));
    this.#drawn = true;
  }

  #progress(): string {
    const oldest = Math.min(...this.#active.values());
    const mark = this.paint('accent', spinner[this.#frame % spinner.length] ?? '');
    return `  ${mark} ${[...this.#active.keys()].join(', ')} … ${formatSeconds(this.#clock() - oldest)}`;
  }

  /** A line that wrapped could not be redrawn, so a live line that is too long loses its colours and its end. */
  #fitted(text: string): string {
    const columns = (this.#output.columns ?? 80) - 1;
    const plain = stripVTControlCharacters(text);
    return plain.length <= columns ? text : plain.slice(0, columns);
  }
}

/** `4.2 s`, from a minute on `1 min 05 s`. */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
