import { plainIndented } from '../plain.ts';

/** A line without end is shown in parts of this many characters. */
const MAX_LINE = 8 * 2 ** 10;

/** Splits the output of a program into printable lines: a program may repeat a stranger's text. */
export class PlainLines {
  readonly #print: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #last = '';

  /** @param print takes each line, without its end */
  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** The last line that was not empty; '' before there is one. */
  get last(): string {
    return this.#last;
  }

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#say(line);
    for (; this.#rest.length >= MAX_LINE; this.#rest = this.#rest.slice(MAX_LINE))
      this.#say(this.#rest.slice(0, MAX_LINE));
  }

  /** Takes the rest as the last line. */
  end(): void {
    this.#rest += this.#decoder.decode();
    if (this.#rest !== '') this.#say(this.#rest);
    this.#rest = '';
  }

  #say(text: string): void {
    const line = plainIndented(text);
    if (line !== '') this.#last = line.trim();
    this.#print(line);
  }
}
