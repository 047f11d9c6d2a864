import { open, seal } from '../proto/cipher.ts';
import { type Envelope, isExpired, type Payload } from '../proto/envelope.ts';
import type { Identity } from '../proto/identity.ts';
import type { Primitives } from '../proto/primitives.ts';
import { err, ok, type Result } from '../proto/result.ts';
import { signatureFaultText, signEnvelope, verifyEnvelope } from '../proto/signature.ts';
import type { Twin, TwinDirectory } from '../proto/twin.ts';
import type { PeerFault } from './faults.ts';

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

  /** Encrypts when the receiver has a key on chain, and we have, and signs. */
  async seal(envelope: Envelope, receiver: Twin): Promise<Result<Envelope, PeerFault>> {
    const payload = await this.#sealPayload(envelope.payload, receiver);
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
    let known: Twin | undefined;
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

  async #openFor(envelope: Envelope, sender: Twin): Promise<Result<Uint8Array, PeerFault>> {
    const verified = await verifyEnvelope(envelope, sender.account, this.#primitives);
    if (!verified.ok) return err({ reason: 'signature', text: signatureFaultText(verified.error) });
    const { payload } = envelope;
    if (payload === undefined) return ok(new Uint8Array(0));
    if (payload.kind === 'plain') return ok(payload.bytes);
    if (sender.pk === null) return err({ reason: 'no-key' });
    const key = this.#sharedKey(sender.pk);
    const plain = key === undefined ? err({ reason: 'cipher' }) : await open(key, payload.bytes, this.#primitives);
    return plain.ok ? plain : err({ reason: 'crypto' });
  }

  async #sealPayload(payload: Payload | undefined, receiver: Twin): Promise<Result<Payload | undefined, PeerFault>> {
    if (receiver.pk === null || !(await this.#isKeyOnChain())) return ok(payload);
    const key = this.#sharedKey(receiver.pk);
    if (key === undefined) return err({ reason: 'crypto' });
    const plain = payload?.bytes ?? new Uint8Array(0);
    return ok({ kind: 'cipher', bytes: await seal(key, plain, this.#primitives) });
  }

  /** Anything may stand on chain as a key. */
  #sharedKey(pk: Uint8Array): Uint8Array | undefined {
    try {
      return this.#identity.sharedKey(pk);
    } catch {
      return undefined;
    }
  }
}

function sameKeys(a: Twin, b: Twin): boolean {
  return Buffer.compare(a.account, b.account) === 0 && Buffer.compare(a.pk ?? EMPTY, b.pk ?? EMPTY) === 0;
}
const EMPTY = new Uint8Array(0);
