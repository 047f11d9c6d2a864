import { randomUUID } from 'node:crypto';
import { type Envelope, encodeEnvelope, stamp } from '../proto/envelope.ts';
import { err, ok, type Result } from '../proto/result.ts';
import type { Twin, TwinDirectory } from '../proto/twin.ts';
import { faultError, type PeerFault } from './faults.ts';
import { Lanes } from './lanes.ts';
import type { LocalRequest, LocalResponse, ReplyEntry } from './messages.ts';
import type { Log, Programs, Uplink } from './ports.ts';
import type { Protocol } from './protocol.ts';

/** No message lives longer, whatever its sender asks for, seconds. */
const MAX_TTL = 1800;

/** Relays end the connection of whoever sends more. */
const MAX_ENVELOPE = 16 * 2 ** 20;
const LATE: PeerFault = { reason: 'expired', what: 'request has expired: no relay could be reached in time' };

/** From programs to relays: one envelope a destination, signed, encrypted where the destination has a key. */
export class Upstream {
  readonly #twin: number;
  readonly #protocol: Protocol;
  readonly #twins: TwinDirectory;
  readonly #programs: Programs;
  readonly #uplink: Uplink;
  readonly #log: Log;
  /** By receiving twin. */
  readonly #lanes = new Lanes<number>();

  constructor(
    twin: number,
    parts: { protocol: Protocol; twins: TwinDirectory; programs: Programs; uplink: Uplink; log: Log },
  ) {
    this.#twin = twin;
    this.#protocol = parts.protocol;
    this.#twins = parts.twins;
    this.#programs = parts.programs;
    this.#uplink = parts.uplink;
    this.#log = parts.log;
  }

  /** Sends a program's request; whatever fails is told to the queue where its answers are awaited. */
  async request(request: LocalRequest): Promise<void> {
    const { destinations } = request;
    if (destinations.length === 0) return;
    const uid = randomUUID();
    const stamped = stamp(
      {
        uid,
        timestamp: BigInt(request.now),
        expiration: BigInt(Math.min(request.expiration, MAX_TTL)),
        source: { twin: this.#twin },
        content: { kind: 'request', command: request.command },
        payload: { kind: 'plain', bytes: request.data },
        relays: [],
        ...(request.tags === null ? {} : { tags: request.tags }),
        ...(request.schema === null ? {} : { schema: request.schema }),
      },
      nowSeconds(),
    );
    if (!stamped.ok) return this.#tell(request, { reason: 'expired', what: 'request has expired' });
    const { replyTo, command: module, ref } = request;
    const backlog = { uid, replyTo, module, ttl: stamped.value.expiration };
    await this.#programs.saveBacklog(ref === null ? backlog : { ...backlog, reference: ref });
    await Promise.all(
      destinations.map(async (twin) => {
        const fault = await this.#send({ ...stamped.value, destination: { twin } }, twin);
        if (fault !== undefined) await this.#tell(request, fault);
      }),
    );
  }

  /** Sends a service's answer. There is nobody to tell when it fails: the caller's time runs out. */
  async response(response: LocalResponse): Promise<void> {
    const stamped = stamp(
      {
        uid: response.ref ?? '',
        timestamp: BigInt(response.now),
        expiration: BigInt(MAX_TTL),
        source: { twin: this.#twin },
        destination: response.destination,
        content: response.error === null ? { kind: 'response' } : { kind: 'error', ...response.error },
        payload: { kind: 'plain', bytes: response.data },
        relays: [],
        ...(response.schema === null ? {} : { schema: response.schema }),
      },
      nowSeconds(),
    );
    const to = response.destination.twin;
    const fault: PeerFault | undefined = stamped.ok
      ? await this.#send(stamped.value, to)
      : { reason: 'expired', what: 'response has expired before sending!' };
    if (fault !== undefined) {
      this.#log.warn(
        { uid: response.ref, to, ...faultError(fault) },
        `failed to send response: ${faultError(fault).message}`,
      );
    }
  }

  /** Sends an envelope that this peer made itself, with its own time, to its destination. */
  async reply(envelope: Envelope): Promise<void> {
    if (envelope.expiration === 0n || envelope.destination === undefined) return;
    const { twin } = envelope.destination;
    const fault = await this.#send({ ...envelope, source: { twin: this.#twin } }, twin);
    if (fault !== undefined)
      this.#log.warn({ uid: envelope.uid, to: twin, ...faultError(fault) }, 'failed to send answer');
  }

  /** Messages to one twin are prepared side by side, and sent in order. */
  async #send(envelope: Envelope, to: number): Promise<PeerFault | undefined> {
    const prepared = this.#prepare(envelope, to);
    // Its failure is looked at when its turn has come.
    prepared.catch(() => undefined);
    return this.#lanes.run(to, async () => {
      const sealed = await prepared;
      if (!sealed.ok) return sealed.error;
      const deadline = Number(envelope.timestamp + envelope.expiration) * 1000;
      const sent = await this.#uplink.send(sealed.value, deadline);
      return sent ? undefined : LATE;
    });
  }

  async #prepare(envelope: Envelope, to: number): Promise<Result<Uint8Array, PeerFault>> {
    let receiver: Twin | undefined;
    try {
      receiver = await this.#receiver(to);
    } catch (error) {
      return err({ reason: 'other', detail: `twin ${to} cannot be looked up: ${messageOf(error)}` });
    }
    if (receiver === undefined) return err({ reason: 'unknown-twin', twin: to });
    const sealed = await this.#protocol.seal(envelope, receiver);
    if (!sealed.ok) return sealed;
    const bytes = encodeEnvelope(sealed.value);
    if (bytes.length > MAX_ENVELOPE) {
      return err({ reason: 'payload', detail: `the message has ${bytes.length} bytes, relays take ${MAX_ENVELOPE}` });
    }
    return ok(bytes);
  }

  /** A key that is missing may have been set since; without the chain what we know must do. */
  async #receiver(to: number): Promise<Twin | undefined> {
    if (to === 0) return undefined;
    const known = await this.#twins.get(to);
    if (known === undefined) return this.#twins.refresh(to);
    return known.pk === null ? this.#twins.refresh(to).catch(() => known) : known;
  }

  async #tell(request: LocalRequest, fault: PeerFault): Promise<void> {
    const error = faultError(fault);
    this.#log.warn(
      { ref: request.ref, command: request.command, code: error.code },
      `failed to send message: ${error.message}`,
    );
    await this.#programs.deliverReply(request.replyTo, refusal(request.ref, error));
  }
}

/** The peer's own answer to a program, as the Rust peer writes it: no source, time 0. */
export function refusal(ref: string | null, error: { code: number; message: string }): ReplyEntry {
  return { ref, data: new Uint8Array(0), source: '', schema: null, now: 0, error };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
