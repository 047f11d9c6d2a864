import { err, ok, type Result } from '../result.ts';
import { BATCH_VERSION, MOST_BATCH_ENVELOPES } from './relay-batch.ts';

// The answer to a batch of another relay: for each envelope the status and outcome that an envelope alone would get.

/** Version (u8) and number of envelopes (u16). */
const HEAD_BYTES = 3;
/** Status (u16) and outcome (u8). */
const ANSWER_BYTES = 3;

/** The most bytes of an answer to a batch. */
export const MOST_ANSWERS_BYTES = HEAD_BYTES + MOST_BATCH_ENVELOPES * ANSWER_BYTES;

/** In the order of their codes, from 1. New outcomes are appended: an older relay reads only the status then. */
export const BATCH_OUTCOMES = ['delivered', 'stored', 'away', 'refused'] as const;

/** The answer to one envelope. */
export interface BatchAnswer {
  /** The HTTP status that an envelope alone would get. */
  readonly status: number;
  /** Absent: one that this code does not know. */
  readonly outcome?: (typeof BATCH_OUTCOMES)[number] | undefined;
}

/** Encodes the answers to the envelopes of a batch, in its order. */
export function encodeBatchAnswers(answers: readonly BatchAnswer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD_BYTES + answers.length * ANSWER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, BATCH_VERSION);
  view.setUint16(1, answers.length);
  for (const [n, { status, outcome }] of answers.entries()) {
    const at = HEAD_BYTES + n * ANSWER_BYTES;
    view.setUint16(at, status);
    view.setUint8(at + 2, outcome === undefined ? 0 : BATCH_OUTCOMES.indexOf(outcome) + 1);
  }
  return bytes;
}

/** Decodes the answers to a batch. @param count of its envelopes: each must have an answer */
export function decodeBatchAnswers(bytes: Uint8Array, count: number): Result<readonly BatchAnswer[], string> {
  if (bytes.length !== HEAD_BYTES + count * ANSWER_BYTES) return err(`${bytes.length} bytes do not answer ${count}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, answered] = [view.getUint8(0), view.getUint16(1)];
  if (version !== BATCH_VERSION) return err(`version ${version} is unknown`);
  if (answered !== count) return err(`it answers ${answered} envelopes, not ${count}`);
  const answers: BatchAnswer[] = [];
  for (let at = HEAD_BYTES; at < bytes.length; at += ANSWER_BYTES) {
    const status = view.getUint16(at);
    if (status < 100 || status > 599) return err(`status ${status} is invalid`);
    const outcome = BATCH_OUTCOMES[view.getUint8(at + 2) - 1];
    answers.push(outcome === undefined ? { status } : { status, outcome });
  }
  return ok(answers);
}
