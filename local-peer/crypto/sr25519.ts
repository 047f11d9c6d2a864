import { createHash } from 'node:crypto';
import type { Signer } from '../../proto/primitives.ts';
import { random } from './random.ts';
import { openRistretto, type Ristretto } from './ristretto.ts';
import { Transcript } from './transcript.ts';

const ACCOUNT_LENGTH = 32;
const SIGNATURE_LENGTH = 64;
/** The highest bit of a signature: schnorrkel made it, not ed25519. */
const MARKER = 0x80;

/** Signs and verifies as schnorrkel does: Schnorr signatures over ristretto255, in Substrate's context. */
export interface Sr25519 {
  signer(seed: Uint8Array): Sr25519Signer;
  verify(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** The signer of one seed. */
interface Sr25519Signer extends Signer {
  /** @param random 32 bytes; only a test brings its own */
  signWith(message: Uint8Array, random: Uint8Array): Uint8Array;
}

/** What all signatures of Substrate begin with. */
const CONTEXT = new Transcript('SigningContext');
CONTEXT.append('', 'substrate');

/** Who signs what. */
function statement(account: Uint8Array, message: Uint8Array): Transcript {
  const transcript = new Transcript(CONTEXT);
  transcript.append('sign-bytes', message);
  transcript.append('proto-name', 'Schnorr-sig');
  transcript.append('sign:pk', account);
  return transcript;
}

/** The scalar that answers to a commitment. */
function challengeOf(transcript: Transcript, commitment: Uint8Array, ristretto: Ristretto): Uint8Array {
  transcript.append('sign:R', commitment);
  return ristretto.reduce(transcript.challenge('sign:c', 64));
}

/**
 * The secret scalar and the secret for witnesses of a seed: SHA-512 with ed25519's bits set, and the first half
 * divided by the cofactor 8, which ristretto255 does without.
 */
function expand(seed: Uint8Array): { readonly scalar: Uint8Array; readonly nonce: Uint8Array } {
  const hash = createHash('sha512').update(seed).digest();
  const wide = hash.subarray(0, 32);
  wide[0] = (wide[0] ?? 0) & 0xf8;
  wide[31] = ((wide[31] ?? 0) & 0x3f) | 0x40;
  const scalar = Uint8Array.from(wide, (byte, n) => (byte >> 3) | ((wide[n + 1] ?? 0) << 5));
  const nonce = new Uint8Array(hash.subarray(32));
  hash.fill(0);
  return { scalar, nonce };
}

/**
 * Opens sr25519 for Node, over libsodium's ristretto255.
 *
 * What touches a secret takes the same steps whatever it is: libsodium's multiplications choose from their tables
 * without branches, and a transcript's steps follow from lengths alone. What V8's compilers make of it nobody
 * promises; the big numbers of JavaScript, in whose place this stands, do not even try.
 */
export async function openSr25519(): Promise<Sr25519> {
  const ristretto = await openRistretto();

  function signer(seed: Uint8Array): Sr25519Signer {
    const { scalar, nonce } = expand(seed);
    const account = ristretto.multiplyBase(scalar);
    const signWith = (message: Uint8Array, random: Uint8Array): Uint8Array => {
      const transcript = statement(account, message);
      const wide = transcript.witness('signing', 64, nonce, random);
      const witness = ristretto.reduce(wide);
      const commitment = ristretto.multiplyBase(witness);
      const answer = ristretto.answer(challengeOf(transcript, commitment, ristretto), scalar, witness);
      // Whoever learns one witness has the secret.
      wide.fill(0);
      witness.fill(0);
      const signature = new Uint8Array(SIGNATURE_LENGTH);
      signature.set(commitment);
      signature.set(answer, 32);
      signature[63] = (signature[63] ?? 0) | MARKER;
      return signature;
    };
    return { account, signWith, sign: async (message) => signWith(message, random(32)) };
  }

  function verify(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (account.length !== ACCOUNT_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
    const last = signature[63] ?? 0;
    if ((last & MARKER) === 0) return false;
    const commitment = signature.subarray(0, 32);
    const answer = signature.slice(32);
    answer[31] = last & ~MARKER;
    const challenge = challengeOf(statement(account, message), commitment, ristretto);
    const expected = ristretto.commitmentFor(answer, challenge, account);
    return expected !== undefined && Buffer.compare(expected, commitment) === 0;
  }

  return { signer, verify };
}
