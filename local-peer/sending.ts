import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import { MAX_BYTES_BESIDES_PAYLOAD } from '../proto/envelope-bounds.ts';
import { err, ok, type Result } from '../proto/result.ts';
import { splitSeal } from '../proto/seal/seal.ts';
import type { PeerFault } from './faults.ts';
import type { KnownTwin, TwinDirectory } from './known-twin.ts';
import { Lanes } from './lanes.ts';
import type { Sent, Uplink } from './ports.ts';
import type { Protocol } from './protocol.ts';

/** Relays end the connection of whoever sends more. */
const MAX_ENVELOPE = 16 * 2 ** 20;

/** Told of the seal that an envelope got. */
export type OnSealed = (seal: string) => void;

/** Sends envelopes: those to one twin are sealed side by side and handed over in order, and hold up no other twin's. */
export class Sending {
  readonly #protocol: Protocol;
  readonly #twins: TwinDirectory;
  readonly #uplink: Uplink;
  /** By receiving twin. */
  readonly #lanes = new Lanes<number>();

  constructor(parts: { protocol: Protocol; twins: TwinDirectory; uplink: Uplink }) {
    this.#protocol = parts.protocol;
    this.#twins = parts.twins;
    this.#uplink = parts.uplink;
  }

  /**
   * Seals an envelope for a twin and sends it.
   * @param seconds how long it is of use, from now
   * @param onSealed told of the seal before anything leaves
   * @returns its bytes when they were sent
   */
  async seal(
    envelope: Envelope,
    to: number,
    seconds: number,
    onSealed?: OnSealed,
  ): Promise<Result<{ readonly sent: Sent; readonly bytes: Uint8Array }, PeerFault>> {
    const deadline = Date.now() + seconds * 1000;
    const prepared = this.#prepare(envelope, to, onSealed);
    let isOver = false;
    const sending = this.#lanes.run(to, async (turn) => {
      const sealed = await prepared;
      await turn();
      // Told to be late already: its place in the lane is given up.
      if (isOver) return ok({ sent: 'late' as const, bytes: NONE });
      if (!sealed.ok) return sealed;
      const sent = await this.#uplink.send(sealed.value, deadline);
      return typeof sent === 'string' ? ok({ sent, bytes: sealed.value }) : err(sent);
    });
    // One that lives short must not learn only after a longer one before it that it is late.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Result<{ sent: Sent; bytes: Uint8Array }, PeerFault>>((resolve) => {
      timer = setTimeout(() => {
        isOver = true;
        resolve(ok({ sent: 'late', bytes: NONE }));
      }, seconds * 1000);
    });
    try {
      return await Promise.race([sending, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends what was sealed before. */
  async again(bytes: Uint8Array, to: number, seconds: number): Promise<Sent | PeerFault> {
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
    const sealed = await this.#protocol.seal(envelope, receiver);
    if (!sealed.ok) return sealed;
    const { seal } = splitSeal(sealed.value.tags) ?? {};
    if (seal !== undefined) onSealed?.(seal);
    const bytes = encodeEnvelope(sealed.value);
    if (bytes.length > MAX_ENVELOPE) {
      return err({ reason: 'payload', detail: `the message has ${bytes.length} bytes, relays take ${MAX_ENVELOPE}` });
    }
    // A relay ends the connection of whoever sends more than this beside a payload.
    const besides = bytes.length - (sealed.value.payload?.bytes.length ?? 0);
    if (besides > MAX_BYTES_BESIDES_PAYLOAD) {
      const detail = `command, tag, schema and error text together have ${besides} bytes, relays take ${MAX_BYTES_BESIDES_PAYLOAD}`;
      return err({ reason: 'message', detail });
    }
    return ok(bytes);
  }

  /** A key that is absent or broken may have been set since; without the chain what we know must do. */
  async #receiver(to: number): Promise<KnownTwin | undefined> {
    if (to === 0) return undefined;
    const known = await this.#twins.get(to);
    if (known === undefined) return this.#twins.refresh(to);
    return known.key.kind === 'valid' ? known : this.#twins.refresh(to).catch(() => known);
  }
}

const NONE = new Uint8Array(0);
