import { type Backlog, decodeBacklog, encodeBacklog } from '../../proto/backlog.ts';
import type { Question } from '../messages.ts';
import type { RedisClient } from './connection.ts';
import { QUEUES } from './queues.ts';

/** Of a request; a Rust peer's note might say more. Seconds. */
const MAX_TTL = 1800;

/** Leaves a note for a uid: who may answer it and where to. */
export async function leaveNote(client: RedisClient, uid: string, question: Question): Promise<void> {
  const { command, replyTo, ref, asked = [], seconds, seals } = question;
  const reference = ref === null ? {} : { reference: ref };
  const backlog: Backlog = {
    uid,
    replyTo,
    module: command,
    ttl: BigInt(seconds),
    asked,
    seals: asked.map((twin) => seals.get(twin) ?? ''),
    ...reference,
  };
  const { buffer, byteOffset, length } = encodeBacklog(backlog);
  const note = Buffer.from(buffer, byteOffset, length);
  await client.set(QUEUES.backlog(uid), note, { expiration: { type: 'EX', value: seconds } });
}

/** Reads a note, ours or a Rust peer's; undefined when it is none. */
export function readNote(bytes: Uint8Array): Question | undefined {
  const backlog = decodeBacklog(bytes);
  if (!backlog.ok) return undefined;
  const { replyTo, reference, module, ttl, asked } = backlog.value;
  const seals = new Map(asked.flatMap((twin, place) => sealAt(backlog.value, twin, place)));
  const seconds = Math.min(Number(ttl), MAX_TTL);
  return {
    command: module,
    replyTo,
    ref: reference ?? null,
    asked: asked.length === 0 ? undefined : asked,
    seconds,
    seals,
  };
}

function sealAt({ seals }: Backlog, twin: number, place: number): [number, string][] {
  const seal = seals[place] ?? '';
  return seal === '' ? [] : [[twin, seal]];
}
