import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { MAX_BYTES_BESIDES_PAYLOAD } from '../../proto/envelope/envelope-bounds.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import { splitSeal } from '../../proto/seal/seal.ts';
import type { KnownTwin, TwinDirectory } from '../directory/known-twin.ts';
import type { PeerFault } from '../errors.ts';
import type { Handover, Uplink } from '../ports.ts';
import type { EndToEnd } from '../seal.ts';
import { unsent } from './handover.ts';
import { Lanes } from './lanes.ts';

/** Relays end the connection of a client that sends more, bytes. */
const MAX_ENVELOPE = 16 * 2 ** 20;

/** Receives the seal of an envelope, and its bytes, before anything leaves. Sending waits for what it returns. */
export type OnSealed = (seal: string, bytes: Uint8Array) => void | Promise<void>;

/** An envelope that a relay may have; `bytes` are those of a sent one. */
interface SendOutcome extends Handover {
  readonly bytes: Uint8Array;
}

/** Seals and sends envelopes. Envelopes to one twin leave in order, and hold up no other twin's. */
export class Sending {
  readonly #endToEnd: EndToEnd;
  readonly #twins: TwinDirectory;
  readonly #uplink: Uplink;
  /** By receiving twin. */
  readonly #lanes = new Lanes<number>();

  constructor(parts: { endToEnd: EndToEnd; twins: TwinDirectory; uplink: Uplink }) {
    this.#endToEnd = parts.endToEnd;
    this.#twins = parts.twins;
    this.#uplink = parts.uplink;
  }

  /**
   * Seals an envelope for a twin and sends it.
   * @param seconds for which the envelope is of use, from now
   * @param onSealed its exception is this call's, and nothing leaves
   */
  async send(
    envelope: Envelope,
    to: number,
    seconds: number,
    onSealed?: OnSealed,
  ): Promise<Result<SendOutcome, PeerFault>> {
    const deadline = Date.now() + seconds * 1000;
    const prepared = this.#prepare(envelope, to, onSealed);
    let isOver = false;
    const sending = this.#lanes.run(to, async (turn) => {
      const sealed = await prepared;
      await turn();
      // The envelope was reported as late: it must not leave any more.
      if (isOver) return ok(LATE);
      if (!sealed.ok) return sealed;
      const handover = await this.#uplink.send(sealed.value, deadline);
      return 'sent' in handover ? ok({ ...handover, bytes: sealed.value }) : err(handover);
    });
    // A short-lived envelope must time out on its own, not after a longer-lived one queued before it.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Result<SendOutcome, PeerFault>>((resolve) => {
      timer = setTimeout(() => {
        isOver = true;
        resolve(ok(LATE));
      }, seconds * 1000);
    });
    try {
      return await Promise.race([sending, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends bytes that were sealed before. */
  async resend(bytes: Uint8Array, to: number, seconds: number): Promise<Handover | PeerFault> {
    const deadline = Date.now() + seconds * 1000;
    return this.#lanes.run(to, async (turn) => {
      await turn();
      return this.#uplink.send(bytes, deadline);
    });
  }

  async #prepare(envelope: Envelope, to: number, onSealed?: OnSealed): Promise<Result<Uint8Array, PeerFault>> {
    let receiver: KnownTwin | undefined;
    try {
      receiver = await this.#receiver(to);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return err({ reason: 'other', detail: `twin ${to} cannot be looked up: ${why}` });
    }
    if (receiver === undefined) return err({ reason: 'unknown-twin', twin: to });
    const sealed = await this.#endToEnd.seal(envelope, receiver);
    if (!sealed.ok) return sealed;
    const { seal = '' } = splitSeal(sealed.value.tags) ?? {};
    const bytes = encodeEnvelope(sealed.value);
    if (bytes.length > MAX_ENVELOPE) {
      return err({ reason: 'payload', detail: `the message has ${bytes.length} bytes, relays take ${MAX_ENVELOPE}` });
    }
    // A relay ends the connection of a client that sends more than this besides a payload.
    const besides = bytes.length - (sealed.value.payload?.bytes.length ?? 0);
    if (besides > MAX_BYTES_BESIDES_PAYLOAD) {
      const detail = `command, tag, schema and error text together have ${besides} bytes, relays take ${MAX_BYTES_BESIDES_PAYLOAD}`;
      return err({ reason: 'message', detail });
    }
    // Before the envelope takes its turn: those behind it need not wait for theirs.
    await onSealed?.(seal, bytes);
    return ok(bytes);
  }

  /** A key that is absent or broken may have changed since: the chain is asked again, if it answers. */
  async #receiver(to: number): Promise<KnownTwin | undefined> {
    if (to === 0) return undefined;
    const known = await this.#twins.get(to);
    if (known === undefined) return this.#twins.refresh(to);
    return known.key.kind === 'valid' ? known : this.#twins.refresh(to).catch(() => known);
  }
}

const LATE: SendOutcome = { ...unsent('late'), bytes: new Uint8Array(0) };
