import { decodeAnswer, encodeQuestion, MOST_TWINS, type TwinPresence } from '../../proto/custody/presence.ts';

/** Questions of one custody session about twins, and their answers. */
export class Questions {
  readonly #send: (message: Uint8Array) => void;
  readonly #open = new Map<number, (twins: readonly TwinPresence[] | undefined) => void>();
  #last = 0;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  /** Resolves with the presence of twins, in their order; undefined when the session ends before. */
  async ask(twins: readonly number[]): Promise<readonly TwinPresence[] | undefined> {
    const answers: TwinPresence[] = [];
    for (let from = 0; from < twins.length; from += MOST_TWINS) {
      const part = await this.#askPart(twins.slice(from, from + MOST_TWINS));
      if (part === undefined) return undefined;
      answers.push(...part);
    }
    return answers;
  }

  /** Takes an answer. An answer to no question is dropped. */
  answered(bytes: Uint8Array): void {
    const answer = decodeAnswer(bytes);
    if (!answer.ok) return;
    const { number, twins } = answer.value;
    const resolve = this.#open.get(number);
    this.#open.delete(number);
    resolve?.(twins);
  }

  /** The session has ended. */
  end(): void {
    for (const resolve of this.#open.values()) resolve(undefined);
    this.#open.clear();
  }

  async #askPart(twins: readonly number[]): Promise<readonly TwinPresence[] | undefined> {
    this.#last += 1;
    const number = this.#last;
    const answer = new Promise<readonly TwinPresence[] | undefined>((resolve) => this.#open.set(number, resolve));
    this.#send(encodeQuestion({ number, twins }));
    const told = await answer;
    // An answer about other twins than were asked for tells nothing.
    return told?.length === twins.length ? told : undefined;
  }
}
