// Vectors of seals on any host: tests run it in Node, workerd and Chromium.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { PORTABLE } from '../crypto/portable.ts';
import type { Primitives } from '../crypto/primitives.ts';
import { verifyEnvelope } from '../crypto/signature.ts';
import { decodeEnvelope, type Envelope } from '../envelope/envelope-codec.ts';
import { signedString } from '../envelope/signed-string.ts';
import { type Check, same } from '../vectors.suite.ts';
import { canonical } from './canonical.ts';
import { addSeal, checkSeal, withoutSeals } from './seal.ts';

/** test/vectors/seal.json, of this project. `bytes` and `unsealed` are encoded envelopes in hex, signed by the account. */
export interface SealVectors {
  readonly account: string;
  readonly valid: readonly {
    readonly name: string;
    /** The envelope before it is sealed and signed. */
    readonly unsealed: string;
    readonly canonical: string;
    readonly seal: string;
    readonly signedString: string;
    readonly bytes: string;
  }[];
  readonly invalid: readonly { readonly name: string; readonly bytes: string; readonly reason: string }[];
  readonly unsealed: readonly { readonly name: string; readonly bytes: string }[];
  /** Replies to a request with the seal `own`. */
  readonly answers: readonly {
    readonly name: string;
    readonly own: string;
    readonly bytes: string;
    readonly verdict: string;
  }[];
}

function envelopeOf(bytes: string): Envelope {
  const decoded = decodeEnvelope(hexToBytes(bytes));
  if (!decoded.ok) throw new Error(`not an envelope: ${decoded.error.detail}`);
  return decoded.value;
}

function verdictOf(bytes: string, own: string | undefined, by: Primitives): string {
  const checked = checkSeal(envelopeOf(bytes), own, by);
  return checked.ok ? checked.value : checked.error.reason;
}

function joinedHex(parts: readonly Uint8Array[]): string {
  return parts.map(bytesToHex).join('');
}

/**
 * Returns a check for each vector. Each envelope has a valid signature, so that only its seal can be wrong.
 * @param by the implementation of hashes and signatures
 */
export function sealChecks(vectors: SealVectors, by: Primitives = PORTABLE): Check[] {
  const checks = (kind: string, name: string, bytes: string, run: () => void): Check => ({
    name: `${kind}: ${name}`,
    run: async () => {
      const verified = await verifyEnvelope(envelopeOf(bytes), hexToBytes(vectors.account), by);
      same(verified.ok, true, 'signature');
      run();
    },
  });
  return [
    ...vectors.valid.map((vector) =>
      checks('sealed', vector.name, vector.bytes, () => {
        const bare = envelopeOf(vector.unsealed);
        const tags = bare.tags === undefined ? undefined : withoutSeals(bare.tags);
        same(joinedHex(canonical(bare, tags)), vector.canonical, 'canonical form');
        const sealed = addSeal(bare, by);
        if (!sealed.ok) throw new Error(`not sealed: ${sealed.error.reason}`);
        same(sealed.value.tags?.endsWith(vector.seal), true, 'seal at the end of the tags');
        same(joinedHex(signedString(sealed.value)), vector.signedString, 'signed string');
        same(verdictOf(vector.bytes, undefined, by), 'sealed', 'verdict');
      }),
    ),
    ...vectors.invalid.map(({ name, bytes, reason }) =>
      checks('refused', name, bytes, () => same(verdictOf(bytes, undefined, by), reason, 'verdict')),
    ),
    ...vectors.unsealed.map(({ name, bytes }) =>
      checks('unsealed', name, bytes, () => same(verdictOf(bytes, undefined, by), 'unsealed', 'verdict')),
    ),
    ...vectors.answers.map(({ name, own, bytes, verdict }) =>
      checks('answer', name, bytes, () => same(verdictOf(bytes, own, by), verdict, 'verdict')),
    ),
  ];
}
