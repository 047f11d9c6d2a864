import { formatAddress } from '../proto/address.ts';
import { decodeEnvelope, type Envelope, isExpired } from '../proto/envelope.ts';
import { faultError, type PeerFault } from './faults.ts';
import { Lanes } from './lanes.ts';
import type { Log, Programs } from './ports.ts';
import type { Protocol } from './protocol.ts';
import type { Upstream } from './upstream.ts';
import { VERSION } from './version.ts';

const EXPIRED = 'envelope validation error: message has expired';
/** Queues of ours: a stranger's command must never name one. */
const RESERVED = /^(system|backlog)(\.|$)/;
const MAX_COMMAND = 256;
const VERSION_TTL = 300n;

/** From relays to programs: what is verified and wanted goes to its queue, what is not is answered or dropped. */
export class Downstream {
  readonly #twin: number;
  readonly #protocol: Protocol;
  readonly #programs: Programs;
  readonly #upstream: Upstream;
  readonly #log: Log;
  /** By sending twin: what one sends stays in order, and holds up nobody else. */
  readonly #lanes = new Lanes<number>();

  /** @param twin our own */
  constructor(twin: number, parts: { protocol: Protocol; programs: Programs; upstream: Upstream; log: Log }) {
    this.#twin = twin;
    this.#protocol = parts.protocol;
    this.#programs = parts.programs;
    this.#upstream = parts.upstream;
    this.#log = parts.log;
  }

  /** Takes one frame of a relay. */
  async receive(frame: Uint8Array): Promise<void> {
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) return this.#log.warn({ detail: decoded.error.detail }, 'dropped a frame: not an envelope');
    const envelope = decoded.value;
    const source = envelope.source?.twin ?? 0;
    return this.#lanes.run(source, () => this.#process(envelope, source));
  }

  async #process(envelope: Envelope, source: number): Promise<void> {
    switch (envelope.content?.kind) {
      case 'request':
        return this.#request(envelope, source);
      case 'response':
      case 'error':
        // A relay's report is unsigned: it is believed only for a uid that only the relay and we know.
        return source === 0 ? this.#report(envelope) : this.#answer(envelope, source);
      default:
        return;
    }
  }

  async #request(envelope: Envelope, source: number): Promise<void> {
    const to = envelope.destination?.twin;
    // Signed for somebody else: a relay that brings it here means no good.
    if (to !== this.#twin)
      return this.#log.warn({ uid: envelope.uid, from: source, to }, 'dropped a request for another twin');
    const opened = await this.#open(envelope, source);
    if (!opened.ok) return this.#refuse(envelope, opened.error);
    if (envelope.content?.kind !== 'request') return;
    const { command } = envelope.content;
    if (command === 'rmb.version') return this.#version(envelope);
    if (RESERVED.test(command) || command.length > MAX_COMMAND || command === '') {
      return this.#refuse(envelope, { reason: 'message', detail: 'no service may have this command' });
    }
    await this.#programs.deliverCommand({
      uid: envelope.uid,
      source: formatAddress(envelope.source ?? { twin: 0 }),
      command,
      expiration: Number(envelope.expiration),
      data: opened.value,
      tags: envelope.tags ?? null,
      schema: envelope.schema ?? null,
      now: Number(envelope.timestamp),
    });
  }

  async #answer(envelope: Envelope, source: number): Promise<void> {
    const backlog = await this.#programs.findBacklog(envelope.uid);
    if (backlog === undefined) return this.#unwanted(envelope, source);
    const opened = await this.#open(envelope, source);
    if (!opened.ok) {
      const { code, message } = faultError(opened.error);
      return this.#log.warn({ uid: envelope.uid, from: source, code }, `dropped an answer: ${message}`);
    }
    await this.#reply(backlog, envelope, opened.value);
  }

  async #report(envelope: Envelope): Promise<void> {
    const backlog = envelope.content?.kind === 'error' ? await this.#programs.findBacklog(envelope.uid) : undefined;
    if (backlog === undefined) return this.#unwanted(envelope, 0);
    await this.#reply(backlog, envelope, new Uint8Array(0));
  }

  async #reply(backlog: { replyTo: string; reference?: string }, envelope: Envelope, data: Uint8Array): Promise<void> {
    const error = envelope.content?.kind === 'error' ? envelope.content : null;
    await this.#programs.deliverReply(backlog.replyTo, {
      ref: backlog.reference ?? null,
      // The payload of an error is not for programs: the Rust peer gives them none.
      data: error === null ? data : new Uint8Array(0),
      source: formatAddress(envelope.source ?? { twin: 0 }),
      schema: envelope.schema ?? null,
      now: Number(envelope.timestamp),
      error: error === null ? null : { code: error.code, message: error.message },
    });
  }

  async #open(envelope: Envelope, source: number) {
    if (isExpired(envelope, Math.floor(Date.now() / 1000))) {
      return { ok: false as const, error: { reason: 'expired' as const, what: EXPIRED } };
    }
    try {
      return await this.#protocol.open(envelope, source);
    } catch (error) {
      const detail = `twin ${source} cannot be looked up: ${error instanceof Error ? error.message : String(error)}`;
      return { ok: false as const, error: { reason: 'other' as const, detail } };
    }
  }

  async #refuse(request: Envelope, fault: PeerFault): Promise<void> {
    const error = faultError(fault);
    const from = request.source?.twin ?? 0;
    this.#log.warn({ uid: request.uid, from, code: error.code }, `refused a request: ${error.message}`);
    if (request.source === undefined || from === 0) return;
    await this.#upstream.reply(answerTo(request, request.expiration, { kind: 'error', ...error }));
  }

  async #version(request: Envelope): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(VERSION));
    const answer = answerTo(request, VERSION_TTL, { kind: 'response' });
    await this.#upstream.reply({ ...answer, schema: 'application/json', payload: { kind: 'plain', bytes } });
  }

  #unwanted({ uid }: Envelope, from: number): void {
    this.#log.info({ uid, from }, 'received reply of an expired message');
  }
}

/** An envelope back to where a request came from. */
function answerTo(request: Envelope, expiration: bigint, content: NonNullable<Envelope['content']>): Envelope {
  const timestamp = BigInt(Math.floor(Date.now() / 1000));
  const destination = request.source ?? { twin: 0 };
  return { uid: request.uid, timestamp, expiration, destination, content, relays: [] };
}
