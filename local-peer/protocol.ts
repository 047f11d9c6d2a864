import { open, seal } from '../proto/cipher.ts';
import { type Envelope, isExpired, type Payload } from '../proto/envelope.ts';
import type { Identity } from '../proto/identity.ts';
import { checkPlausible, implausibleText, MAX_TAGS_LENGTH } from '../proto/plausible.ts';
import type { Primitives } from '../proto/primitives.ts';
import { err, ok, type Result } from '../proto/result.ts';
import { addSeal, checkSeal, SEAL_LENGTH, sealFaultText, withoutSeals } from '../proto/seal/seal.ts';
import { isSignableSid, isSignableUid } from '../proto/signable.ts';
import { signatureFaultText, signEnvelope, verifyEnvelope } from '../proto/signature.ts';
import type { PeerFault } from './faults.ts';
import type { KnownTwin, TwinDirectory } from './known-twin.ts';

const EXPIRED = 'envelope validation error: message has expired';
/** Characters of tags that a program may use: the seal and its comma take the rest. */
const MAX_PROGRAM_TAGS = MAX_TAGS_LENGTH - SEAL_LENGTH - 1;

/** End to end: encrypts, signs, verifies and decrypts envelopes for one identity. */
export class Protocol {
  readonly #identity: Identity;
  readonly #twins: TwinDirectory;
  readonly #isKeyOnChain: () => Promise<boolean>;
  readonly #primitives: Primitives;

  /** @param isKeyOnChain whether the chain holds our own key: without it nobody can open what we encrypt */
  constructor(parts: {
    identity: Identity;
    twins: TwinDirectory;
    primitives: Primitives;
    isKeyOnChain: () => Promise<boolean>;
  }) {
    this.#identity = parts.identity;
    this.#twins = parts.twins;
    this.#isKeyOnChain = parts.isKeyOnChain;
    this.#primitives = parts.primitives;
  }

  /**
   * Encrypts when the receiver has a key on chain, and we have, adds the seal to the tags, and signs. A receiver whose
   * key is broken gets errors only, without their payload: it must learn why it gets nothing else.
   */
  async seal(envelope: Envelope, receiver: KnownTwin): Promise<Result<Envelope, PeerFault>> {
    const fault = refusal(envelope);
    if (fault !== undefined) return err(fault);
    const isError = envelope.content?.kind === 'error';
    const payload =
      isError && receiver.key.kind === 'broken' ? ok(undefined) : await this.#sealPayload(envelope.payload, receiver);
    if (!payload.ok) return payload;
    const { payload: _, ...bare } = envelope;
    const sealed = addSeal(payload.value === undefined ? bare : { ...bare, payload: payload.value }, this.#primitives);
    if (!sealed.ok) return err({ reason: 'mark' });
    return ok(await signEnvelope(sealed.value, this.#identity, this.#primitives));
  }

  /**
   * Verifies and decrypts. Bounds and seal come first: they cost less than a signature.
   * @param now Unix seconds
   * @param own the seal of our request, when the envelope answers it: Rust peers copy its tags into their errors
   */
  async open(envelope: Envelope, sender: number, now: number, own?: string): Promise<Result<Uint8Array, PeerFault>> {
    if (isExpired(envelope, now)) return err({ reason: 'expired', what: EXPIRED });
    const plausible = checkPlausible(envelope, now);
    if (!plausible.ok) return err({ reason: 'implausible', text: implausibleText(plausible.error) });
    const seal = checkSeal(envelope, own, this.#primitives);
    if (!seal.ok) return err({ reason: 'seal', text: sealFaultText(seal.error) });
    return this.#asSender(sender, (known) => this.#openFor(envelope, known));
  }

  /** Returns whether the sender signed this envelope, whatever else is wrong with it. */
  async isSigned(envelope: Envelope, sender: number): Promise<boolean> {
    return (await this.#asSender(sender, (known) => this.#verify(envelope, known))).ok;
  }

  /**
   * Judges an envelope by what is known of its sender. The chain's record of the sender may be old: before a signature
   * or a cipher is given up, the chain is asked again.
   */
  async #asSender<T>(
    sender: number,
    judge: (known: KnownTwin) => Promise<Result<T, PeerFault>>,
  ): Promise<Result<T, PeerFault>> {
    let known: KnownTwin | undefined;
    try {
      known = await this.#twins.get(sender);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return err({ reason: 'other', detail: `twin ${sender} cannot be looked up: ${why}` });
    }
    const judged = known === undefined ? err<PeerFault>({ reason: 'unknown-twin', twin: sender }) : await judge(known);
    if (judged.ok) return judged;
    // Without the chain, what we know of the sender must do.
    const fresh = await this.#twins.refresh(sender).catch(() => undefined);
    if (fresh === undefined || (known !== undefined && sameKeys(known, fresh))) return judged;
    return judge(fresh);
  }

  async #verify(envelope: Envelope, sender: KnownTwin): Promise<Result<void, PeerFault>> {
    const verified = await verifyEnvelope(envelope, sender.account, this.#primitives);
    return verified.ok ? verified : err({ reason: 'signature', text: signatureFaultText(verified.error) });
  }

  async #openFor(envelope: Envelope, sender: KnownTwin): Promise<Result<Uint8Array, PeerFault>> {
    const verified = await this.#verify(envelope, sender);
    if (!verified.ok) return verified;
    const { payload, content } = envelope;
    if (content?.kind === 'request') {
      // Before a service runs: its response could not be encrypted, and the caller would never hear of it.
      const key = await this.#keyFor(sender);
      if (!key.ok) return key;
    }
    if (payload === undefined) return ok(new Uint8Array(0));
    if (payload.kind === 'plain') return ok(payload.bytes);
    if (sender.key.kind === 'absent') return err({ reason: 'no-key' });
    if (sender.key.kind === 'broken') return err({ reason: 'broken-key', twin: sender.id });
    const plain = await open(this.#identity.sharedKey(sender.key.bytes), payload.bytes, this.#primitives);
    return plain.ok ? plain : err({ reason: 'crypto' });
  }

  async #sealPayload(
    payload: Payload | undefined,
    receiver: KnownTwin,
  ): Promise<Result<Payload | undefined, PeerFault>> {
    const key = await this.#keyFor(receiver);
    if (!key.ok) return key;
    if (key.value === undefined) return ok(payload);
    const plain = payload?.bytes ?? new Uint8Array(0);
    const shared = this.#identity.sharedKey(key.value);
    return ok({ kind: 'cipher', bytes: await seal(shared, plain, this.#primitives) });
  }

  /** Returns the key that payloads for a twin are encrypted with; undefined: they leave in plain text. */
  async #keyFor({ id, key }: KnownTwin): Promise<Result<Uint8Array | undefined, PeerFault>> {
    if (key.kind === 'absent' || !(await this.#isKeyOnChain())) return ok(undefined);
    return key.kind === 'valid' ? ok(key.bytes) : err({ reason: 'broken-key', twin: id });
  }
}

/** Why an envelope is not signed, whoever asks for it. */
function refusal({ uid, tags, source, destination, content }: Envelope): PeerFault | undefined {
  // Its length first: to look for seals in a long text would take long.
  if (tags !== undefined && (tags.length > MAX_TAGS_LENGTH || (withoutSeals(tags)?.length ?? 0) > MAX_PROGRAM_TAGS)) {
    return { reason: 'tags', most: MAX_PROGRAM_TAGS };
  }
  // A request's uid is ours. The uid and the sid of a reply are the asker's, who could write an envelope of ours in them.
  const isOurs = content?.kind === 'request';
  if (isOurs || (isSignableUid(uid, source?.twin ?? 0) && isSignableSid(destination?.connection))) return undefined;
  return { reason: 'unsignable' };
}

function sameKeys(a: KnownTwin, b: KnownTwin): boolean {
  return Buffer.compare(a.account, b.account) === 0 && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function bytesOf({ key }: KnownTwin): Uint8Array {
  return key.kind === 'absent' ? EMPTY : key.bytes;
}
const EMPTY = new Uint8Array(0);
