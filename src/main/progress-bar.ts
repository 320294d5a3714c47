const WIDTH = 24;
const REPAINT_MS = 100;

/** One line of progress on a terminal; silent where there is none. */
export class ProgressBar {
  readonly #label: string;
  readonly #stream: NodeJS.WriteStream | undefined;
  #paintedAt = 0;
  #isShown = false;

  /** @param stream where to paint; nothing is painted on what is not a terminal */
  constructor(label: string, stream: NodeJS.WriteStream | undefined) {
    this.#label = label;
    this.#stream = stream?.isTTY === true ? stream : undefined;
  }

  /** Shows a share from 0 to 1 (undefined where the end is not known) and what was done. */
  show(share: number | undefined, text: string): void {
    const now = Date.now();
    if (this.#stream === undefined || now - this.#paintedAt < REPAINT_MS) return;
    this.#paintedAt = now;
    this.#isShown = true;
    this.#stream.write(`\r\u001B[K${this.#label} ${barOf(share)} ${text}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown) this.#stream?.write('\r\u001B[K');
    this.#isShown = false;
  }
}

function barOf(share: number | undefined): string {
  if (share === undefined) return '…';
  const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${String(Math.round(share * 100)).padStart(3)} %`;
}
