import { type Address, formatAddress, isU32, parseAddress } from '../proto/envelope/address.ts';
import { callMany } from './asking/call-many.ts';
import type { CallRequest, CallResponse, Calls } from './asking/calls.ts';
import { bytesOf, bytesWithSchema, JSON_SCHEMA, jsonBytes, valueIn } from './asking/payload.ts';
import { pingBy } from './asking/ping.ts';
import { streamOf } from './asking/streams.ts';
import type { OpenChain } from './directory/open-chain.ts';
import { askCommands } from './discovery/ask-commands.ts';
import type { About, CommandList } from './discovery/command-list.ts';
import { RmbError } from './errors.ts';
import { misplacedAt } from './placement.ts';
import type { Log } from './ports.ts';
import { mergePresence, type Presence } from './presence.ts';
import type {
  Bus,
  BusState,
  BytesOptions,
  CallOptions,
  CallResult,
  ManyOptions,
  Pong,
  RequestOptions,
  Services,
  StreamOptions,
} from './public.ts';
import type { Handlers } from './serving/handlers.ts';
import type { RunHandler } from './serving/outcome.ts';
import { servicesAt } from './serving/typed/router.ts';
import type { Clock } from './session/clock.ts';
import type { FirstConnection } from './session/first-connection.ts';
import type { Session } from './session/session.ts';
import { endsWithin, within } from './session/waiting.ts';
import type { Status } from './status/status.ts';
import type { StatusEvent } from './status/status-event.ts';

/** Limit for a reply, unless the call says otherwise, ms. */
const CALL_MS = 30_000;
/** Limit for a stream, unless its options say otherwise, ms. */
const STREAM_MS = 300_000;
/** Replies of a stream that may wait for the program, unless its options say otherwise. */
const CREDIT = 64;
/** Limit for an answer about twins, ms. */
const PRESENCE_MS = 5_000;
/** Unless the call says otherwise, "offline" counts after so long: a twin reconnects within seconds of a deploy, ms. */
const OFFLINE_MS = 5_000;
/** At `close`, requests in work have this long to be answered, ms. */
const FINISH_MS = 400;
/** At `close`, the last signals have this long to be handed to a relay, ms. */
const SIGNALS_MS = 200;
/** `close` ends within a second, ms. */
const CLOSE_MS = 950;

/** Parts of a connected bus. */
export interface ConnectedParts {
  /** The twin, and the sid of its session. */
  readonly own: Address;
  readonly chain: OpenChain;
  readonly relays: readonly URL[];
  readonly clock: Clock;
  readonly session: Session;
  readonly states: Pick<FirstConnection, 'states'>;
  readonly status: Status;
  readonly calls: Calls;
  readonly handlers: Handlers;
  readonly log: Log;
  /** Closes the bus when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A bus whose first relay is connected. Programs of this project use more of it than the public `Bus`. */
export class ConnectedBus implements Bus {
  readonly own: Address;
  readonly chain: OpenChain;
  readonly serve: Services['serve'];
  readonly router: Services['router'];
  readonly #parts: ConnectedParts;
  readonly #onAbort = () => void this.close();
  readonly #closed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(parts: ConnectedParts) {
    this.#parts = parts;
    this.own = parts.own;
    this.chain = parts.chain;
    const add = parts.handlers.add.bind(parts.handlers);
    const { serve, router } = servicesAt({ add, log: parts.log });
    this.serve = serve;
    this.router = router;
    parts.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Hosts of the relays. */
  get relays(): readonly string[] {
    return this.#parts.relays.map(({ host }) => host);
  }

  call(
    twin: number | string,
    command: string,
    data: Uint8Array | string | undefined,
    options: BytesOptions,
  ): Promise<Uint8Array>;
  call(twin: number | string, command: string, data?: unknown, options?: CallOptions): Promise<unknown>;
  async call(twin: number | string, command: string, data?: unknown, options: RequestOptions = {}): Promise<unknown> {
    if (options.schema !== undefined) return (await this.request(twin, command, bytesWithSchema(data), options)).data;
    const response = await this.request(twin, command, jsonBytes(data), options);
    return valueIn(response, command, addressOf(twin).twin);
  }

  callMany(
    twins: readonly (number | string)[],
    command: string,
    data: Uint8Array | string | undefined,
    options: BytesOptions & ManyOptions,
  ): AsyncIterableIterator<CallResult<Uint8Array>>;
  callMany(
    twins: readonly (number | string)[],
    command: string,
    data?: unknown,
    options?: CallOptions & ManyOptions,
  ): AsyncIterableIterator<CallResult>;
  callMany(
    twins: readonly (number | string)[],
    command: string,
    data?: unknown,
    options: RequestOptions & ManyOptions = {},
  ): AsyncIterableIterator<CallResult> {
    return callMany(twins, (twin, signal) => this.call(twin, command, data, { ...options, signal }), options);
  }

  async request(
    twin: number | string,
    command: string,
    data?: Uint8Array | string,
    options: RequestOptions = {},
  ): Promise<CallResponse> {
    const payload = data === undefined ? jsonBytes(undefined) : bytesOf(data);
    return this.#parts.calls.call(this.#asked(twin, command, payload, options));
  }

  #asked(twin: number | string, command: string, data: Uint8Array, options: RequestOptions): CallRequest {
    if (this.#closing !== undefined) throw new RmbError('closed', 'the bus is closed');
    const to = addressOf(twin);
    const { timeout = CALL_MS, schema = JSON_SCHEMA, failFast = true, offlineAfter = OFFLINE_MS, signal } = options;
    return { to, command, data, schema, timeout, failFast, offlineAfter, signal };
  }

  stream(
    twin: number | string,
    command: string,
    data: Uint8Array | string | undefined,
    options: BytesOptions & StreamOptions,
  ): AsyncIterableIterator<Uint8Array>;
  stream(
    twin: number | string,
    command: string,
    data?: unknown,
    options?: StreamOptions,
  ): AsyncIterableIterator<unknown>;
  stream(
    twin: number | string,
    command: string,
    data?: unknown,
    options: RequestOptions & StreamOptions = {},
  ): AsyncIterableIterator<unknown> {
    return this.#stream(twin, command, data, options);
  }

  async *#stream(
    twin: number | string,
    command: string,
    data: unknown,
    options: RequestOptions & StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const isBytes = options.schema !== undefined;
    const payload = isBytes ? bytesWithSchema(data) : jsonBytes(data);
    for await (const reply of this.replies(twin, command, payload, options)) {
      yield isBytes ? reply.data : valueIn(reply, command, addressOf(twin).twin);
    }
  }

  /** Sends a request of bytes, and yields its replies as they came: with their media type, and who replied. */
  async *replies(
    twin: number | string,
    command: string,
    data: Uint8Array,
    options: RequestOptions & StreamOptions = {},
  ): AsyncGenerator<CallResponse, void, undefined> {
    const { timeout = STREAM_MS, credit = CREDIT } = options;
    if (!isU32(credit) || credit === 0) throw new RmbError('invalid', `invalid credit ${credit}: expected 1 or more`);
    const asked = this.#asked(twin, command, data, { ...options, timeout });
    yield* streamOf(this.#parts.calls, { ...asked, credit });
  }

  /** Serves a command with a function that says what kind of reply it has. */
  handle(command: string, handler: RunHandler, about: About): () => void {
    return this.#parts.handlers.add(command, handler, about);
  }

  commands(twin: number | string, options?: CallOptions): Promise<CommandList> {
    return askCommands(this, twin, options);
  }

  ping(twin: number | string, options?: Pick<CallOptions, 'timeout' | 'signal'>): Promise<Pong> {
    return pingBy(this, twin, options);
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

  get state(): BusState {
    const { own, states, chain, clock, session } = this.#parts;
    const custody = { custody: session.inCustody, unacknowledged: session.kept.envelopes };
    const parts = { relays: states.states, chain: chain.state(), clockSkew: clock.skew };
    return { address: formatAddress(own), ...parts, ...custody };
  }

  status(): AsyncIterableIterator<StatusEvent> {
    void this.lookAtPlacement();
    return this.#parts.status.read();
  }

  /** Tells the readers of `status` whether replies may go astray. */
  async lookAtPlacement(): Promise<void> {
    const detail = await this.misplaced();
    this.#parts.status.set({ type: 'placement', isMisplaced: detail !== undefined, detail: detail ?? '' });
  }

  /** Resolves with why replies may go astray, for people; undefined when they do not. */
  misplaced(): Promise<string | undefined> {
    const { chain, own, relays } = this.#parts;
    return misplacedAt(chain.twins, own.twin, relays);
  }

  async drain(): Promise<void> {
    const { calls, handlers, session } = this.#parts;
    const parts = [calls.idle, handlers.idle, session.idle];
    // While one is awaited, another may get new work.
    while (this.#closing === undefined && parts.some(({ isReached }) => !isReached)) {
      await Promise.race([this.#closed.promise, Promise.all(parts.map((part) => part.reached()))]);
    }
    await this.#closing;
  }

  close(): Promise<void> {
    this.#parts.signal?.removeEventListener('abort', this.#onAbort);
    this.#closing ??= this.#end();
    this.#closed.resolve();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    const { session, calls, handlers, chain, status } = this.#parts;
    const until = performance.now() + CLOSE_MS;
    handlers.stop();
    try {
      // Requests that were read get their replies; nothing more is read.
      await endsWithin(
        FINISH_MS,
        session.finish().then(() => handlers.idle.reached()),
      );
      calls.close();
      // Streams that were read are cancelled now.
      await endsWithin(SIGNALS_MS, calls.signalled());
      await session.close(until - performance.now());
    } finally {
      chain.close();
      status.end();
    }
  }
}

/** Throws an `RmbError` when the text is no address. */
function addressOf(twin: number | string): Address {
  const address = parseAddress(String(twin));
  if (address !== undefined && address.twin !== 0) return address;
  throw new RmbError('invalid', `'${twin}' is no twin: expected an id (7) or an id with a sid (7:my-session)`);
}
