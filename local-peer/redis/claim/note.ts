import { type Backlog, decodeBacklog, encodeBacklog } from '../../../proto/backlog.ts';
import type { Question } from '../../bridge/messages.ts';
import type { RedisClient } from '../connection/connection.ts';
import { QUEUES } from '../queues.ts';

/** Longest life of a request, seconds; a Rust peer's note may have a longer one. */
const MAX_TTL = 1800;

/** Leaves a note for a uid: who may reply, and where to. @param until its end, by `performance.now()` */
export async function leaveNote(client: RedisClient, uid: string, question: Question, until: number): Promise<void> {
  const { command, replyTo, ref, asked = [], seconds, seals, isStream = false } = question;
  const reference = ref === null ? {} : { reference: ref };
  const backlog: Backlog = {
    uid,
    replyTo,
    module: command,
    ttl: BigInt(seconds),
    asked,
    seals: asked.map((twin) => seals.get(twin) ?? ''),
    stream: isStream,
    ...reference,
  };
  const { buffer, byteOffset, length } = encodeBacklog(backlog);
  const note = Buffer.from(buffer, byteOffset, length);
  await client.set(QUEUES.backlog(uid), note, {
    expiration: { type: 'PX', value: Math.max(1, Math.floor(until - performance.now())) },
  });
}

/** Reads a note of this peer or of a Rust peer; undefined for other bytes. */
export function readNote(bytes: Uint8Array): Question | undefined {
  const backlog = decodeBacklog(bytes);
  if (!backlog.ok) return undefined;
  const { replyTo, reference, module, ttl, asked, stream } = backlog.value;
  const seals = new Map(asked.flatMap((twin, place) => sealAt(backlog.value, twin, place)));
  const seconds = Math.min(Number(ttl), MAX_TTL);
  return {
    command: module,
    replyTo,
    ref: reference ?? null,
    asked: asked.length === 0 ? undefined : asked,
    seconds,
    seals,
    isStream: stream,
  };
}

function sealAt({ seals }: Backlog, twin: number, place: number): [number, string][] {
  const seal = seals[place] ?? '';
  return seal === '' ? [] : [[twin, seal]];
}
