import { type Address, formatAddress, isU32, parseAddress } from '../proto/envelope/address.ts';
import type { CallResponse, Calls } from './asking/calls.ts';
import type { OpenChain } from './directory/open-chain.ts';
import { RmbError } from './errors.ts';
import { misplacedAt } from './placement.ts';
import { mergePresence, type Presence } from './presence.ts';
import type { Bus, BusStatus, CallOptions, Handler, Pong } from './public.ts';
import type { ServiceRequest } from './serving/durable.ts';
import type { Handlers, Outcome, RunHandler } from './serving/handlers.ts';
import type { Clock } from './session/clock.ts';
import type { FirstConnection } from './session/first-connection.ts';
import type { Session } from './session/session.ts';
import { endsWithin, within } from './session/waiting.ts';

/** Limit for a reply, unless the call says otherwise, ms. */
const CALL_MS = 30_000;
/** Limit for a pong, unless the ping says otherwise, ms. */
const PING_MS = 5_000;
/** Limit for an answer about twins, ms. */
const PRESENCE_MS = 5_000;
/** At `close`, requests in work have this long to be answered, ms. */
const DRAIN_MS = 4_000;
/** Go services answer nothing else. */
const JSON_SCHEMA = 'application/json';
/** `null` in JSON is "no argument". */
const NO_ARGUMENT = new TextEncoder().encode('null');

/** Parts of a connected bus. */
export interface ConnectedParts {
  /** The twin, and the sid of its session. */
  readonly own: Address;
  readonly chain: OpenChain;
  readonly relays: readonly URL[];
  readonly clock: Clock;
  readonly session: Session;
  readonly states: Pick<FirstConnection, 'states'>;
  readonly calls: Calls;
  readonly handlers: Handlers;
  /** Closes the bus when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A bus whose first relay is connected. Programs of this project use more of it than the public `Bus`. */
export class ConnectedBus implements Bus {
  readonly own: Address;
  readonly chain: OpenChain;
  readonly #parts: ConnectedParts;
  readonly #onAbort = () => void this.close();
  #closing: Promise<void> | undefined;

  constructor(parts: ConnectedParts) {
    this.#parts = parts;
    this.own = parts.own;
    this.chain = parts.chain;
    parts.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Hosts of the relays. */
  get relays(): readonly string[] {
    return this.#parts.relays.map(({ host }) => host);
  }

  async call(
    twin: number | string,
    command: string,
    data: Uint8Array | string = NO_ARGUMENT,
    { timeout = CALL_MS, schema = JSON_SCHEMA, failFast = false, signal }: CallOptions = {},
  ): Promise<CallResponse> {
    if (this.#closing !== undefined) throw new RmbError('closed', 'the bus is closed');
    const to = addressOf(twin);
    return this.#parts.calls.call({ to, command, data: bytesOf(data), schema, timeout, failFast, signal });
  }

  serve(command: string, handler: Handler): () => void {
    return this.handle(command, (request) => outcomeOf(handler, request));
  }

  /** Serves a command with a function that gets the time that is left for each request, ms. */
  handle(command: string, handler: RunHandler): () => void {
    return this.#parts.handlers.add(command, handler);
  }

  async ping(
    twin: number | string,
    { timeout = PING_MS, signal }: Pick<CallOptions, 'timeout' | 'signal'> = {},
  ): Promise<Pong> {
    const began = performance.now();
    // Refused at once when the twin is offline: a reply hours later is no pong.
    const options = { timeout, failFast: true, ...(signal === undefined ? {} : { signal }) };
    try {
      const { source, data } = await this.call(twin, 'rmb.version', NO_ARGUMENT, options);
      return { source, ms: performance.now() - began, version: new TextDecoder().decode(data), error: undefined };
    } catch (error) {
      if (!(error instanceof RmbError) || error.reply === undefined) throw error;
      const { source, code, message } = error.reply;
      return { source, ms: performance.now() - began, version: undefined, error: { code, message } };
    }
  }

  async presence(
    twins: readonly number[],
    { timeout = PRESENCE_MS }: { readonly timeout?: number } = {},
  ): Promise<readonly Presence[]> {
    const invalid = twins.find((twin) => !isU32(twin) || twin === 0);
    if (invalid !== undefined) throw new RmbError('invalid', `'${invalid}' is no twin: expected an id (7)`);
    if (twins.length === 0) return [];
    const { session } = this.#parts;
    if (session.inCustody.length === 0) {
      const relays = this.relays.join(', ');
      throw new RmbError('relay', `${relays} does not tell who is connected: ask by a relay of this project`);
    }
    const told = await within(timeout, session.presence(twins));
    if (told === undefined || told.length === 0) {
      const relay = session.inCustody.join(', ');
      throw new RmbError('no-answer', `${relay} did not say within ${timeout / 1000} s who is connected`, { relay });
    }
    return mergePresence(twins, told);
  }

  status(): BusStatus {
    const { own, states, chain, clock, session } = this.#parts;
    const custody = { custody: session.inCustody, unacknowledged: session.kept.envelopes };
    const parts = { relays: states.states, chain: chain.state(), clockSkew: clock.skew };
    return { address: formatAddress(own), ...parts, ...custody };
  }

  /** Resolves with why replies may go astray, for people; undefined when they do not. */
  misplaced(): Promise<string | undefined> {
    const { chain, own, relays } = this.#parts;
    return misplacedAt(chain.twins, own.twin, relays);
  }

  close(): Promise<void> {
    this.#parts.signal?.removeEventListener('abort', this.#onAbort);
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    const { session, calls, handlers, chain } = this.#parts;
    try {
      // Requests that were read get their replies; nothing more is read.
      await endsWithin(
        DRAIN_MS,
        session.finish().then(() => handlers.idle()),
      );
      calls.close();
      await session.close();
    } finally {
      chain.close();
    }
  }
}

/** Throws an `RmbError` when the text is no address. */
function addressOf(twin: number | string): Address {
  const address = parseAddress(String(twin));
  if (address !== undefined && address.twin !== 0) return address;
  throw new RmbError('invalid', `'${twin}' is no twin: expected an id (7) or an id with a sid (7:my-session)`);
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data;
}

async function outcomeOf(handler: Handler, request: ServiceRequest): Promise<Outcome> {
  try {
    const reply = await handler(request);
    if (typeof reply === 'string' || reply instanceof Uint8Array) return { kind: 'response', data: bytesOf(reply) };
    const { data, schema } = reply;
    return { kind: 'response', data: bytesOf(data), ...(schema === undefined ? {} : { schema }) };
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}
