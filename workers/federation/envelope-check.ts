import { signatureFaultText, verifyEnvelope } from '../../proto/crypto/signature.ts';
import { decodeEnvelope, type Envelope, isExpired } from '../../proto/envelope/envelope.ts';
import { checkPlausible, implausibleText } from '../../proto/envelope/plausible.ts';
import { signedString } from '../../proto/envelope/signed-string.ts';
import { HASHES } from '../../proto/hashes.ts';
import { checkSeal, sealFaultText } from '../../proto/seal/seal.ts';
import type { Twin } from '../../proto/twin.ts';
import type { HttpRefusal } from '../refusal.ts';
import { sourceFault } from './ingress-head.ts';
import { type IngressPort, refused, type Taken } from './ingress-port.ts';

/** An envelope of another relay that may be delivered. */
export interface Checked {
  readonly envelope: Envelope;
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
  /** Digest of the signed string; absent if signatures are not checked. */
  readonly digest: string | undefined;
  /** Whether the sending relay leaves the envelope here if the session is away. */
  readonly mayStore: boolean;
}

/**
 * Checks an envelope of another relay, and counts it in the budget of its source.
 * @param verify whether the source twin must have signed
 * @returns the envelope, or its outcome if it is refused, or if it was accepted before
 */
export async function checkEnvelope(
  { bytes, mayStore }: Pick<Checked, 'bytes' | 'mayStore'>,
  verify: boolean,
  port: IngressPort,
): Promise<Checked | Taken> {
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) return refused('not-an-envelope', `bad request: ${decoded.error.detail}`);
  const envelope = decoded.value;
  // An error of twin 0 is a relay's error for its own session. No other relay may send one.
  const source = envelope.source?.twin ?? 0;
  if (source === 0) return refused('source-missing', 'source twin is missing');
  let digest: string | undefined;
  if (verify) {
    if (isExpired(envelope, port.now())) return refused('expired', 'message has expired');
    const fault = implausibility(envelope, port.now()) ?? (await signatureFault(envelope, source, port));
    if (fault !== undefined) return { outcome: 'refused', refusal: fault };
    digest = HASHES.sha256Text(signedString(envelope));
    if (port.wasAccepted(digest)) {
      port.count('relay_messages_dropped_total', 1, 'repeat');
      // Of a repeat no more is known.
      return { outcome: 'stored' };
    }
  }
  if (!port.spend(source, bytes.length))
    return refused('budget-spent', `twin ${source} has sent too much, try again later`);
  return { envelope, bytes, digest, mayStore };
}

/**
 * Returns why an envelope is refused whatever its signature says. The seal of a reply is not checked: a Rust peer copies
 * the seal of the request into an error, and only the twin that asked knows that seal.
 */
function implausibility(envelope: Envelope, now: number): HttpRefusal | undefined {
  const plausible = checkPlausible(envelope, now);
  if (!plausible.ok) return { code: 'implausible', message: implausibleText(plausible.error) };
  if (envelope.content?.kind !== 'request') return undefined;
  const seal = checkSeal(envelope);
  return seal.ok ? undefined : { code: 'seal', message: `invalid envelope signature: ${sealFaultText(seal.error)}` };
}

/** Returns what is wrong with the signature; undefined if the source twin signed. */
async function signatureFault(envelope: Envelope, source: number, port: IngressPort): Promise<HttpRefusal | undefined> {
  const known = await port.lookup(source);
  if (!('found' in known)) return sourceFault(source, known);
  const primitives = { ...HASHES, verify: port.verify };
  const checked = await verifyEnvelope(envelope, known.found.account, primitives);
  if (checked.ok) return undefined;
  const fault: HttpRefusal = { code: 'envelope-signature', message: signatureFaultText(checked.error) };
  if (checked.error.reason !== 'mismatch') return fault;
  // The twin may have changed its key since it was last read.
  const fresh = await port.refresh(source);
  if (fresh === 'recent') return fault;
  // The key is unknown for now: the envelope may come again.
  if (fresh === 'spent' || 'unavailable' in fresh) {
    return { code: 'lookup-failed', message: `the key of twin ${source} cannot be read again just now` };
  }
  if (!('found' in fresh) || isSameKey(fresh.found, known.found)) return fault;
  return (await verifyEnvelope(envelope, fresh.found.account, primitives)).ok ? undefined : fault;
}

function isSameKey(a: Twin, b: Twin): boolean {
  return a.account.every((byte, index) => byte === b.account[index]);
}
