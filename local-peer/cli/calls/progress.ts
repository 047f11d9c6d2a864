import { styleText } from 'node:util';

const WIDTH = 30;
/** Shortest time between two updates, ms: nobody sees more. */
const EVERY_MS = 100;

/** Shows a progress bar at a terminal; nothing elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#stream = stream;
  }

  show(done: number, text: string): void {
    const now = performance.now();
    if (!this.#stream.isTTY || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    const filled = Math.round((WIDTH * done) / this.#total);
    const bar = styleText('green', '█'.repeat(filled), { stream: this.#stream }) + '░'.repeat(WIDTH - filled);
    this.#stream.write(`\r\x1b[K${bar} ${done}/${this.#total} ${text}`);
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
