import { open, seal } from '../proto/cipher.ts';
import { type Envelope, isExpired, type Payload } from '../proto/envelope.ts';
import type { Identity } from '../proto/identity.ts';
import type { Primitives } from '../proto/primitives.ts';
import { err, ok, type Result } from '../proto/result.ts';
import { signatureFaultText, signEnvelope, verifyEnvelope } from '../proto/signature.ts';
import type { PeerFault } from './faults.ts';
import type { KnownTwin, TwinDirectory } from './known-twin.ts';

const EXPIRED = 'envelope validation error: message has expired';

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
   * Encrypts when the receiver has a key on chain, and we have, and signs. For a receiver whose key is broken only an
   * error can be sealed, without its payload: the receiver must learn why it gets nothing else.
   */
  async seal(envelope: Envelope, receiver: KnownTwin): Promise<Result<Envelope, PeerFault>> {
    const isError = envelope.content?.kind === 'error';
    const payload =
      isError && receiver.key.kind === 'broken' ? ok(undefined) : await this.#sealPayload(envelope.payload, receiver);
    if (!payload.ok) return payload;
    const { payload: _, ...bare } = envelope;
    const sealed = payload.value === undefined ? bare : { ...bare, payload: payload.value };
    return ok(await signEnvelope(sealed, this.#identity, this.#primitives));
  }

  /**
   * Verifies and decrypts. What the chain said of the sender may be old: before a signature or a cipher is
   * given up, it is asked again.
   * @param now Unix seconds
   */
  async open(envelope: Envelope, sender: number, now: number): Promise<Result<Uint8Array, PeerFault>> {
    if (isExpired(envelope, now)) return err({ reason: 'expired', what: EXPIRED });
    let known: KnownTwin | undefined;
    try {
      known = await this.#twins.get(sender);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return err({ reason: 'other', detail: `twin ${sender} cannot be looked up: ${why}` });
    }
    const opened =
      known === undefined
        ? err<PeerFault>({ reason: 'unknown-twin', twin: sender })
        : await this.#openFor(envelope, known);
    if (opened.ok) return opened;
    // Without the chain, what we know of the sender must do.
    const fresh = await this.#twins.refresh(sender).catch(() => undefined);
    if (fresh === undefined || (known !== undefined && sameKeys(known, fresh))) return opened;
    return this.#openFor(envelope, fresh);
  }

  async #openFor(envelope: Envelope, sender: KnownTwin): Promise<Result<Uint8Array, PeerFault>> {
    const verified = await verifyEnvelope(envelope, sender.account, this.#primitives);
    if (!verified.ok) return err({ reason: 'signature', text: signatureFaultText(verified.error) });
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

function sameKeys(a: KnownTwin, b: KnownTwin): boolean {
  return Buffer.compare(a.account, b.account) === 0 && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function bytesOf({ key }: KnownTwin): Uint8Array {
  return key.kind === 'absent' ? EMPTY : key.bytes;
}
const EMPTY = new Uint8Array(0);
