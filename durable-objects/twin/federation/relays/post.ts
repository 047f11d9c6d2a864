import { type BatchAnswer, decodeBatchAnswers, MOST_ANSWERS_BYTES } from '../../../../proto/batch/batch-answers.ts';
import { type BatchedEnvelope, encodeRelayBatch } from '../../../../proto/batch/relay-batch.ts';
import type { IfAway } from '../../../contract.ts';
import {
  type Answer,
  BATCH_TYPE,
  IF_AWAY,
  OUTCOME,
  RETURN,
  readOutcome,
  readTakesBatch,
  TAKES_BATCH,
} from './outcome.ts';

/** How long a relay may take to respond, and how much longer for each MiB that it must read first. */
const RESPONSE_MS = 3_000;
const RESPONSE_MS_A_MIB = 1_000;
const MIB = 2 ** 20;

/** The header in which a relay names itself. It refuses an envelope that it sent itself: that would be a loop. */
export const VIA = 'rmb-via';

/** The way to another relay. */
export interface Way {
  readonly scheme: 'https' | 'http';
  /** A host[:port] that `relayDomains` let through: nothing else may reach the URL. */
  readonly domain: string;
  /** This relay's own domain. */
  readonly via: string;
}

/** The answer to one envelope, and whether the relay takes batches. */
export interface Posted extends Answer {
  readonly takesBatch: boolean;
}

/**
 * POSTs an envelope to another relay. Resolves with the answer, or undefined when none came in time; never rejects.
 * @param ifAway `return`: a relay of RMB edge must not store the envelope
 */
export function postEnvelope(way: Way, bytes: Uint8Array, ifAway: IfAway): Promise<Posted | undefined> {
  return post(way, bytes, ifAway === 'return' ? { [IF_AWAY]: RETURN } : {}, async ({ status, headers, body }) => {
    // Only the status and two headers matter. A body is not read, because a stranger may make it endless.
    body?.cancel().catch(() => undefined);
    const outcome = readOutcome(headers.get(OUTCOME));
    return { status, outcome, takesBatch: readTakesBatch(headers.get(TAKES_BATCH)) };
  });
}

/**
 * POSTs several envelopes to another relay at once. Resolves with an answer for each, in order; with `refused` if the
 * relay takes no such batch, so that none of them was delivered; with undefined if none came in time. Never rejects.
 */
export function postBatch(
  way: Way,
  envelopes: readonly BatchedEnvelope[],
): Promise<readonly BatchAnswer[] | 'refused' | undefined> {
  return post(way, encodeRelayBatch(envelopes), { 'content-type': BATCH_TYPE }, async ({ status, headers, body }) => {
    if (status !== 200 || headers.get('content-type') !== BATCH_TYPE || body === null) {
      body?.cancel().catch(() => undefined);
      return isFailure(status) ? undefined : 'refused';
    }
    const answers = decodeBatchAnswers(await readAnswers(body), envelopes.length);
    return answers.ok ? answers.value : 'refused';
  });
}

/** Returns whether a status says nothing about batches: the relay or what is before it fails. */
function isFailure(status: number): boolean {
  return (status >= 500 && status !== 501) || status === 408 || status === 429;
}

/** Reads the body of an answer, and no more than a valid one has. */
async function readAnswers(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const bytes = new Uint8Array(MOST_ANSWERS_BYTES + 1);
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, size);
    const room = bytes.length - size;
    bytes.set(value.subarray(0, room), size);
    size += Math.min(value.length, room);
    if (size < bytes.length) continue;
    reader.cancel().catch(() => undefined);
    return bytes;
  }
}

async function post<T>(
  { scheme, domain, via }: Way,
  body: Uint8Array,
  headers: Record<string, string>,
  read: (response: Response) => Promise<T>,
): Promise<T | undefined> {
  const abort = new AbortController();
  const limit = RESPONSE_MS + Math.floor(body.length / MIB) * RESPONSE_MS_A_MIB;
  const timer = setTimeout(() => abort.abort(), limit);
  try {
    const response = await fetch(`${scheme}://${domain}/`, {
      method: 'POST',
      headers: { [VIA]: via, ...headers },
      body,
      redirect: 'manual',
      signal: abort.signal,
    });
    return await read(response);
  } catch {
    // Unresolvable, refused, reset, no TLS, or too slow: all are the same failure here.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
