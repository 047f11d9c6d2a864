import { decodeQuestion, encodeAnswer, type TwinPresence } from '../../../proto/custody/presence.ts';
import type { SessionClose } from '../../../proto/session-close.ts';
import type { Host } from '../../host.ts';
import type { Session } from '../sessions/attachment.ts';
import { malformedFrame } from '../sessions/close.ts';

/** The port of questions to their object. */
export interface QuestionsPort<S> {
  readonly host: Pick<Host, 'now'>;
  /** Counts a message and returns whether the twin's rate limit admits it. */
  readonly limiter: { admit(socket: S, bytes: number, now: number): boolean };
  readonly sessions: { sender(sid: string | undefined): { send(bytes: Uint8Array): boolean } | undefined };
  presence(twins: readonly number[]): Promise<TwinPresence[]>;
  /** Closes a socket that sent an invalid frame. */
  close(socket: S, why: SessionClose): void;
}

const UNAVAILABLE: TwinPresence = { state: 'unavailable', waiting: 0 };

/** Answers questions about twins. Each twin of a question counts as a message of the twin that asks. */
export class Questions<S> {
  readonly #port: QuestionsPort<S>;

  constructor(port: QuestionsPort<S>) {
    this.#port = port;
  }

  /** Answers a question. The event must await the returned promise, so that the object stays awake. */
  async answer(socket: S, { sid }: Session, bytes: Uint8Array): Promise<void> {
    const { host, limiter, sessions, presence, close } = this.#port;
    const question = decodeQuestion(bytes);
    if (!question.ok) return close(socket, malformedFrame(question.error));
    const { number, twins } = question.value;
    const isAdmitted = twins.map(() => limiter.admit(socket, 0, host.now())).every(Boolean);
    const answer = { number, twins: isAdmitted ? await presence(twins) : twins.map(() => UNAVAILABLE) };
    sessions.sender(sid)?.send(encodeAnswer(answer));
  }
}
