import { open, seal } from '../proto/crypto/cipher.ts';
import type { Primitives } from '../proto/crypto/primitives.ts';
import { signatureFaultText, signEnvelope, verifySignature } from '../proto/crypto/signature.ts';
import type { Address } from '../proto/envelope/address.ts';
import { type Envelope, isExpired, type Payload } from '../proto/envelope/envelope.ts';
import { checkPlausible, implausibleText, MAX_TAGS_LENGTH } from '../proto/envelope/plausible.ts';
import { isSignableSid, isSignableUid } from '../proto/envelope/signable.ts';
import { signedString } from '../proto/envelope/signed-string.ts';
import { err, ok, type Result } from '../proto/result.ts';
import { addSeal, checkSeal, SEAL_LENGTH, sealFaultText, withoutSeals } from '../proto/seal/seal.ts';
import { sameBytes } from './bytes.ts';
import type { KnownTwin, TwinDirectory } from './directory/known-twin.ts';
import type { PeerFault } from './errors.ts';
import type { Keys } from './identity/signer.ts';

const EXPIRED = 'envelope validation error: message has expired';
/** Characters of tags for programs: the seal and its comma take the rest. */
const MAX_PROGRAM_TAGS = MAX_TAGS_LENGTH - SEAL_LENGTH - 1;

/** An envelope that was verified and decrypted. */
export interface Opened {
  readonly data: Uint8Array;
  /** The signed string, in parts. */
  readonly signed: readonly Uint8Array[];
}

/** Seals and opens envelopes for one identity, end to end. */
export class EndToEnd {
  readonly #identity: Keys;
  readonly #twins: TwinDirectory;
  readonly #isKeyOnChain: () => Promise<boolean>;
  readonly #primitives: Primitives;
  readonly #onSealed: (source: Address) => void;

  /**
   * @param parts.isKeyOnChain whether the chain has this twin's key: without it no other twin can decrypt
   * @param parts.onSealed receives the source of each envelope that was opened and has a seal: only our peers write one
   */
  constructor(parts: {
    identity: Keys;
    twins: TwinDirectory;
    primitives: Primitives;
    isKeyOnChain: () => Promise<boolean>;
    onSealed?(source: Address): void;
  }) {
    this.#identity = parts.identity;
    this.#twins = parts.twins;
    this.#isKeyOnChain = parts.isKeyOnChain;
    this.#primitives = parts.primitives;
    this.#onSealed = parts.onSealed ?? (() => undefined);
  }

  /**
   * Seals an envelope: encrypts it if both twins have a key on chain, adds the seal to the tags, and signs. A receiver
   * with a broken key gets errors only, without a payload: it must learn why it gets nothing else.
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
   * Opens an envelope: verifies and decrypts it. Bounds and seal come first: they cost less than a signature.
   * @param now Unix seconds
   * @param own the seal of the request that the envelope replies to: Rust peers copy its tags into their errors
   */
  async open(envelope: Envelope, sender: number, now: number, own?: string): Promise<Result<Opened, PeerFault>> {
    if (isExpired(envelope, now)) return err({ reason: 'expired', what: EXPIRED });
    const plausible = checkPlausible(envelope, now);
    if (!plausible.ok) return err({ reason: 'implausible', text: implausibleText(plausible.error) });
    const signed = signedString(envelope);
    const seal = checkSeal(envelope, own, this.#primitives, signed);
    if (!seal.ok) return err({ reason: 'seal', text: sealFaultText(seal.error) });
    const opened = await this.#asSender(sender, (known) => this.#openFor(envelope, signed, known));
    if (!opened.ok) return opened;
    if (seal.value === 'sealed' && envelope.source !== undefined) this.#onSealed(envelope.source);
    return ok({ data: opened.value, signed });
  }

  /** Returns whether the sender signed this envelope. */
  async isSigned(envelope: Envelope, sender: number): Promise<boolean> {
    const signed = signedString(envelope);
    return (await this.#asSender(sender, (known) => this.#verify(envelope, signed, known))).ok;
  }

  /**
   * Judges an envelope by the record of its sender. The record may be old: after a failure the chain is asked again,
   * and a different record is judged once more.
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
    // Without the chain, the first judgement counts.
    const fresh = await this.#twins.refresh(sender).catch(() => undefined);
    if (fresh === undefined || (known !== undefined && sameKeys(known, fresh))) return judged;
    return judge(fresh);
  }

  async #verify(
    { signature }: Envelope,
    signed: readonly Uint8Array[],
    sender: KnownTwin,
  ): Promise<Result<void, PeerFault>> {
    const challenge = this.#primitives.md5(signed);
    const verified = await verifySignature(sender.account, challenge, signature, this.#primitives);
    return verified.ok ? verified : err({ reason: 'signature', text: signatureFaultText(verified.error) });
  }

  async #openFor(
    envelope: Envelope,
    signed: readonly Uint8Array[],
    sender: KnownTwin,
  ): Promise<Result<Uint8Array, PeerFault>> {
    const verified = await this.#verify(envelope, signed, sender);
    if (!verified.ok) return verified;
    const { payload, content } = envelope;
    if (content?.kind === 'request') {
      // Before a service runs: its response could not be encrypted, and the caller would wait in vain.
      const key = await this.#keyFor(sender);
      if (!key.ok) return key;
    }
    if (payload === undefined) return ok(new Uint8Array(0));
    if (payload.kind === 'plain') return ok(payload.bytes);
    if (sender.key.kind === 'absent') return err({ reason: 'no-key' });
    if (sender.key.kind === 'broken') return err({ reason: 'broken-key', twin: sender.id });
    const shared = await this.#identity.sharedKey?.(sender.key.bytes);
    if (shared === undefined) return err({ reason: 'no-shared-key' });
    const plain = await open(shared, payload.bytes, this.#primitives);
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
    const shared = await this.#identity.sharedKey?.(key.value);
    if (shared === undefined) return ok(payload);
    return ok({ kind: 'cipher', bytes: await seal(shared, plain, this.#primitives) });
  }

  /** Returns the key to encrypt payloads for a twin with; undefined if they leave in plain text. */
  async #keyFor({ id, key }: KnownTwin): Promise<Result<Uint8Array | undefined, PeerFault>> {
    if (key.kind === 'absent' || !(await this.#isKeyOnChain())) return ok(undefined);
    return key.kind === 'valid' ? ok(key.bytes) : err({ reason: 'broken-key', twin: id });
  }
}

/** Returns why an envelope must not be signed. */
function refusal({ uid, tags, source, destination, content }: Envelope): PeerFault | undefined {
  // The length first: a search for seals in a long text takes long.
  if (tags !== undefined && (tags.length > MAX_TAGS_LENGTH || (withoutSeals(tags)?.length ?? 0) > MAX_PROGRAM_TAGS)) {
    return { reason: 'tags', most: MAX_PROGRAM_TAGS };
  }
  // The caller chooses the uid and the sid of a reply, and could write an envelope of this twin into them.
  const isRequest = content?.kind === 'request';
  if (isRequest || (isSignableUid(uid, source?.twin ?? 0) && isSignableSid(destination?.connection))) return undefined;
  return { reason: 'unsignable' };
}

function sameKeys(a: KnownTwin, b: KnownTwin): boolean {
  return sameBytes(a.account, b.account) && sameBytes(bytesOf(a), bytesOf(b));
}

function bytesOf({ key }: KnownTwin): Uint8Array {
  return key.kind === 'absent' ? EMPTY : key.bytes;
}
const EMPTY = new Uint8Array(0);
