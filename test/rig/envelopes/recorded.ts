import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { z } from 'zod';
import { decodeEnvelope, type Envelope } from '../../../proto/envelope/envelope.ts';
import { checkPlausible } from '../../../proto/envelope/plausible.ts';
import { checkSeal } from '../../../proto/seal/seal.ts';
import type { Client } from '../clients/client.ts';

const FILE = new URL('../../vectors/recorded.json', import.meta.url);

const recorded = z.object({
  /** The program that made the envelope, and its version. */
  client: z.string(),
  version: z.string(),
  kind: z.enum(['request', 'response', 'error']),
  seal: z.enum(['sealed', 'unsealed']),
  /** When it was made, Unix seconds. */
  time: z.number(),
  /** The encoded envelope, hex. */
  bytes: z.string(),
});

/** An envelope of test/vectors/recorded.json. */
type Recorded = z.infer<typeof recorded>;

/** The sender of an envelope, and whether it seals. */
export type Sender = Pick<Recorded, 'client' | 'version' | 'seal'>;

/**
 * Returns the next envelope of a bare session. Expects it to be plausible now, and its seal to be as its sender makes it.
 *
 * Writes the envelope to test/vectors/recorded.json when RECORD_ENVELOPES=1 is set. To record all of them again:
 * `RECORD_ENVELOPES=1 npx vitest run --maxWorkers 1 test/peer/go-client.test.ts test/relay/direct-client.test.ts test/peer/trust/seal.test.ts`
 */
export async function nextOf(session: Client, sender: Sender): Promise<Envelope> {
  const bytes = await session.nextBytes();
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) throw new Error(`${sender.client} sent no envelope: ${decoded.error.detail}`);
  const time = Math.floor(Date.now() / 1000);
  expect(checkPlausible(decoded.value, time)).toEqual({ ok: true, value: undefined });
  expect(checkSeal(decoded.value)).toEqual({ ok: true, value: sender.seal });
  const { RECORD_ENVELOPES } = process.env;
  if (RECORD_ENVELOPES === '1') {
    const kind = recorded.shape.kind.parse(decoded.value.content?.kind);
    record({ ...sender, kind, time, bytes: Buffer.from(bytes).toString('hex') });
  }
  return decoded.value;
}

/** Keeps the newest envelope of each kind and sender. */
function record(entry: Recorded): void {
  const key = ({ client, version, kind }: Recorded) => `${client} ${version} ${kind}`;
  const before = z.array(recorded).parse(JSON.parse(readFileSync(FILE, 'utf8')));
  const others = before.filter((each) => key(each) !== key(entry));
  const all = [...others, entry].sort((a, b) => key(a).localeCompare(key(b), 'en'));
  writeFileSync(FILE, `${JSON.stringify(all, null, 2)}\n`);
}
