import { err, ok, type Result } from '../result.ts';

// Questions about twins, and their answers, as frames of a custody session (docs/custody.md).

const QUESTION = 3;
const ANSWER = 4;
/** Kind, flags (0), number of twins (u16), number of the question (u32). */
const HEAD_BYTES = 8;
const TWIN_BYTES = 4;
/** State (u8), waiting messages (u32), last seen (u32). */
const STATE_BYTES = 9;
const STATES = ['away', 'connected', 'unknown', 'unavailable'] as const;

/** The most twins of a question. */
export const MOST_TWINS = 100;

/** A question about twins. */
export interface PresenceQuestion {
  /** The answer has the same number. */
  readonly number: number;
  readonly twins: readonly number[];
}

/** A twin, as one relay sees it. */
export interface TwinPresence {
  /** `unknown`: the chain knows no such twin. `unavailable`: the relay cannot tell now. */
  readonly state: (typeof STATES)[number];
  /** Messages in its mailbox here. */
  readonly waiting: number;
  /** When its last session here was heard, or ended (Unix seconds); undefined if that is not known. */
  readonly seenAt?: number | undefined;
}

/** An answer: one entry for each twin of the question, in its order. */
export interface PresenceAnswer {
  readonly number: number;
  readonly twins: readonly TwinPresence[];
}

/** Returns whether a binary message is a question about twins. */
export function isPresenceQuestion(bytes: Uint8Array): boolean {
  return bytes[0] === QUESTION;
}

/** Returns whether a binary message is an answer about twins. */
export function isPresenceAnswer(bytes: Uint8Array): boolean {
  return bytes[0] === ANSWER;
}

/** Encodes a question. @throws RangeError when it has no twin, or too many */
export function encodeQuestion({ number, twins }: PresenceQuestion): Uint8Array<ArrayBuffer> {
  if (twins.length === 0 || twins.length > MOST_TWINS) throw new RangeError(`presence: 1 to ${MOST_TWINS} twins`);
  const view = headOf(QUESTION, number, twins.length, TWIN_BYTES);
  twins.forEach((twin, n) => {
    view.setUint32(HEAD_BYTES + n * TWIN_BYTES, twin);
  });
  return new Uint8Array(view.buffer);
}

/** Decodes a question. */
export function decodeQuestion(bytes: Uint8Array): Result<PresenceQuestion, string> {
  const head = readHead(bytes, QUESTION, TWIN_BYTES);
  if (!head.ok) return head;
  const { view, number, count } = head.value;
  const twins = Array.from({ length: count }, (_, n) => view.getUint32(HEAD_BYTES + n * TWIN_BYTES));
  return ok({ number, twins });
}

/** Encodes an answer. */
export function encodeAnswer({ number, twins }: PresenceAnswer): Uint8Array<ArrayBuffer> {
  const view = headOf(ANSWER, number, twins.length, STATE_BYTES);
  twins.forEach(({ state, waiting, seenAt }, n) => {
    const at = HEAD_BYTES + n * STATE_BYTES;
    view.setUint8(at, STATES.indexOf(state));
    view.setUint32(at + 1, waiting);
    view.setUint32(at + 5, seenAt ?? 0);
  });
  return new Uint8Array(view.buffer);
}

/** Decodes an answer. A state of a later version counts as `unavailable`. */
export function decodeAnswer(bytes: Uint8Array): Result<PresenceAnswer, string> {
  const head = readHead(bytes, ANSWER, STATE_BYTES);
  if (!head.ok) return head;
  const { view, number, count } = head.value;
  const twins = Array.from({ length: count }, (_, n): TwinPresence => {
    const at = HEAD_BYTES + n * STATE_BYTES;
    const seenAt = view.getUint32(at + 5);
    const state = STATES[view.getUint8(at)] ?? 'unavailable';
    return { state, waiting: view.getUint32(at + 1), ...(seenAt === 0 ? {} : { seenAt }) };
  });
  return ok({ number, twins });
}

function headOf(kind: number, number: number, count: number, each: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + count * each));
  view.setUint8(0, kind);
  view.setUint16(2, count);
  view.setUint32(4, number);
  return view;
}

function readHead(
  bytes: Uint8Array,
  kind: number,
  each: number,
): Result<{ readonly view: DataView; readonly number: number; readonly count: number }, string> {
  if (bytes.length < HEAD_BYTES) return err('the frame is cut');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== kind) return err(`frame kind ${view.getUint8(0)} is another one`);
  if (view.getUint8(1) !== 0) return err(`frame flags ${view.getUint8(1)} are unknown`);
  const count = view.getUint16(2);
  if (count === 0 || count > MOST_TWINS) return err(`${count} twins: 1 to ${MOST_TWINS} are allowed`);
  if (bytes.length !== HEAD_BYTES + count * each)
    return err(`the frame has ${bytes.length} bytes, not those of ${count} twins`);
  return ok({ view, number: view.getUint32(4), count });
}
