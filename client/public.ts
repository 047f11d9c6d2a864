import type { Identity, KeyType } from '../proto/identity.ts';
import type { CallResponse } from './asking/calls.ts';
import type { TwinSource } from './directory/chain.ts';
import type { CommandList } from './discovery/command-list.ts';
import type { ErrorReply, RmbError } from './errors.ts';
import type { Signer } from './identity/signer.ts';
import type { Log, PartState } from './ports.ts';
import type { Presence } from './presence.ts';
import type { Admission } from './serving/admission.ts';
import type { ServiceRequest } from './serving/durable.ts';
import type { HandlerContext } from './serving/outcome.ts';
import type { Plugin } from './serving/plugin.ts';
import type { StandardSchema } from './serving/typed/standard-schema.ts';
import type { StatusEvent } from './status/status-event.ts';

/** The identity that connects. */
export type Who =
  /** Keys that the program holds already. */
  | { readonly identity: Identity }
  /** Words of a mnemonic, or 0x and 64 hex digits. The key type is sr25519 unless given. */
  | { readonly secret: string; readonly keyType?: KeyType }
  /** Keys that the program does not hold itself. */
  | { readonly signer: Signer };

/** Where twins are looked up. */
type Where =
  /** ws(s) URLs of nodes of one tfchain; the first that can be used is used. */
  | { readonly chain: readonly string[] }
  /** Another source of twins, for a program that has one. */
  | { readonly twins: TwinSource };

/** Options of `connect`. */
export type ConnectOptions = Who &
  Where & {
    /** ws(s)://host[:port] of up to four relays. Envelopes leave through the relay that worked last. */
    readonly relays: readonly string[];
    /**
     * Name of this session at the relays. Absent: a fresh name, so that a daemon of the same twin keeps its session.
     * A lasting name keeps a mailbox. `false`: no name, in place of the twin's daemon.
     */
    readonly sid?: string | false;
    /** Aborts connecting, and closes the bus later. */
    readonly signal?: AbortSignal;
    /** Limit for the chain and for the relays each, ms; 30,000 when absent. */
    readonly timeout?: number;
    /** Commands that are answered without a handler, besides `rmb.commands`; `rmb.version` when absent. */
    readonly plugins?: readonly Plugin[];
    /** Twins that may call; all when absent. */
    readonly admission?: Admission;
    /** Requests in work at once, half of them of one twin; 16 when absent. */
    readonly parallel?: number;
    /** Receives what happens behind the scenes. Nothing in it is ever a secret. */
    readonly log?: Log;
  };

/** Options of each request. */
export interface CallOptions {
  /** Limit for the reply, ms; 30,000 when absent. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Whether the call fails when the twin is offline; true when absent. false: the relay keeps the request for it. */
  readonly failFast?: boolean;
  /**
   * A twin counts as offline when relays have called it so for this long, ms; 5,000 when absent. Until then the request
   * is sent again each second: after a deploy of its relay a twin needs some seconds to reconnect. 0: at once.
   */
  readonly offlineAfter?: number;
}

/** Options of a call with bytes in place of values. */
export interface BytesOptions extends CallOptions {
  /** Media type of the payload; none when null. */
  readonly schema: string | null;
}

/** Options of `request`. */
export interface RequestOptions extends CallOptions {
  /** Media type of the payload; `application/json` when absent, none when null. */
  readonly schema?: string | null;
}

/** Options of `stream`. */
export interface StreamOptions extends CallOptions {
  /** Limit for the whole stream, ms; 300,000 when absent. */
  readonly timeout?: number;
  /** Replies that may come before the program reads them; 64 when absent. */
  readonly credit?: number;
}

/** Options of `callMany`. */
export interface ManyOptions {
  /** Calls at once; 64 when absent. */
  readonly parallel?: number;
}

/** What became of a call of `callMany`. */
export type CallResult<Data = unknown> =
  /** `twin` is as it was given. */
  | { readonly twin: number | string; readonly ok: true; readonly data: Data }
  | { readonly twin: number | string; readonly ok: false; readonly error: RmbError };

/**
 * Returns the response to a request: data alone, or with its media type. An exception becomes error 500. An async
 * generator replies several times, to callers that ask for a stream, and only as fast as its caller reads.
 */
export type Handler = (
  request: ServiceRequest,
  context: HandlerContext,
) => Promise<HandlerReply> | HandlerReply | AsyncIterable<HandlerReply, unknown>;
/** Bytes, text as UTF-8, or data with its media type. */
export type HandlerReply =
  | Uint8Array
  | string
  | { readonly data: Uint8Array | string; readonly schema?: string | undefined };

/** What `rmb.commands` tells of a service. */
export interface ServiceAbout {
  /** One line for people, up to 200 characters. */
  readonly summary?: string;
  /** Whether it has several replies; absent: whether its handler is an async generator function. */
  readonly stream?: boolean;
}

/** The schemas of a service, of any library that implements Standard Schema. */
export interface ServiceSchemas<In, Out> extends ServiceAbout {
  /** Of the request's value. */
  readonly in: StandardSchema<unknown, In>;
  /** Of the value that the handler returns. */
  readonly out?: StandardSchema<Out, unknown>;
}

/** The schemas of a service that takes any value. */
export interface AnyInputSchemas<Out> extends ServiceAbout {
  readonly in?: undefined;
  /** Of the value that the handler returns. */
  readonly out?: StandardSchema<Out, unknown>;
}

/**
 * Returns the value of the response; it travels as JSON. An exception becomes error 500. An async generator replies
 * several times, to callers that ask for a stream.
 */
export type ValueHandler<In, Out> = (
  value: In,
  request: ServiceRequest,
  context: HandlerContext,
) => Promise<Out> | Out | AsyncIterable<Out, unknown>;

/** Commands that other twins may call. */
export interface Services {
  /**
   * Serves a command with a function, from now on, and lists it for the twins that may call it. Returns a function that
   * ends this. A later handler of the same command replaces an earlier one.
   */
  serve(command: string, handler: Handler, about?: ServiceAbout): () => void;
  /**
   * Serves a command with a function of values, in JSON. A request that does not match its schema gets error 101, which
   * names the place of the fault. A value that does not match `out` becomes error 500, and is not sent.
   */
  serve<In, Out = unknown>(
    command: string,
    schemas: ServiceSchemas<In, Out>,
    handler: ValueHandler<In, NoInfer<Out>>,
  ): () => void;
  serve<Out = unknown>(
    command: string,
    schemas: AnyInputSchemas<Out>,
    handler: ValueHandler<unknown, NoInfer<Out>>,
  ): () => void;
  /** Returns the services under a prefix: `router('farm').serve('list', …)` serves `farm.list`. */
  router(prefix: string): Services;
}

/** A round trip to a twin's peer. */
export interface Pong {
  /** "twin" or "twin:sid" of the session that replied. */
  readonly source: string;
  /** From the request to its verified reply. */
  readonly ms: number;
  /** Version of the peer; undefined when it replied with an error, as Go programs do. */
  readonly version: string | undefined;
  readonly error: Pick<ErrorReply, 'code' | 'message'> | undefined;
}

/** State of a bus. */
export interface BusState {
  /** "twin" or "twin:sid" of this session. */
  readonly address: string;
  /** Relay, by host[:port] → its state. At least one is up for the bus to work. */
  readonly relays: ReadonlyMap<string, PartState>;
  readonly chain: PartState;
  /** Relays that are connected and take custody, by host[:port]: they acknowledge each envelope (docs/custody.md). */
  readonly custody: readonly string[];
  /** Envelopes that wait for a relay, or for its receipt. */
  readonly unacknowledged: number;
  /** Clock of the relays minus this machine's, seconds; undefined until one has told its time. */
  readonly clockSkew: number | undefined;
}

/** A twin's connection to the bus. */
export interface Bus extends Services, AsyncDisposable {
  /**
   * Calls a command of a twin with a value, and resolves with the value of its response; both travel as JSON. With
   * `schema`, data and response are bytes. A response with another media type than JSON comes as bytes, too.
   * Throws an `RmbError` when no response comes: its code says why.
   * @param twin an id, or "twin:sid" for one session of the twin
   * @param data `null` when absent; text is sent as UTF-8 with `schema`
   */
  call(
    twin: number | string,
    command: string,
    data: Uint8Array | string | undefined,
    options: BytesOptions,
  ): Promise<Uint8Array>;
  call(twin: number | string, command: string, data?: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * Calls a command of many twins, some at once, and yields what became of each call as soon as it is known. The calls
   * begin with the first read; those that are under way are aborted when the reader leaves the loop.
   */
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
  /**
   * Sends a request as soon as the program reads, and yields the values of its replies in order, as they come. A twin
   * that does not stream gives one. Leaving the loop early cancels the request. With `schema`, data and replies are bytes.
   * Throws an `RmbError` when a reply does not come: its code says why.
   */
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
  /**
   * Sends a request of bytes, and resolves with the response as it came: its bytes, its media type, and who replied.
   * Throws an `RmbError` when no response comes.
   * @param data the payload; `null` in JSON when absent. Text is sent as UTF-8.
   */
  request(
    twin: number | string,
    command: string,
    data?: Uint8Array | string,
    options?: RequestOptions,
  ): Promise<CallResponse>;
  /**
   * Asks a twin which commands it serves: those that this twin may call. The limit is 5,000 ms when absent.
   * Throws an `RmbError` when no list comes: older peers, and the nodes of the grid, tell none.
   */
  commands(twin: number | string, options?: CallOptions): Promise<CommandList>;
  /**
   * Measures a round trip to a twin's peer. The peer itself answers, not the relay. The limit is 5,000 ms when absent.
   * Throws an `RmbError` when no reply comes; at once when the twin is offline.
   */
  ping(twin: number | string, options?: Pick<CallOptions, 'timeout' | 'signal'>): Promise<Pong>;
  /**
   * Asks the connected relays about twins: who is connected there, who was seen when, and how much waits for them. The
   * limit is 5,000 ms when absent. Each twin counts as a message in the relay's rate limit.
   * Throws an `RmbError` when no relay tells.
   */
  presence(twins: readonly number[], options?: { readonly timeout?: number }): Promise<readonly Presence[]>;
  /** The state of now. */
  readonly state: BusState;
  /**
   * Returns the state of each part, and then each change, until the bus is closed or the reader leaves the loop. A slow
   * reader gets the latest state of each part, and not those before: nothing piles up.
   */
  status(): AsyncIterableIterator<StatusEvent>;
  /**
   * Resolves when no call waits for its reply, no request is in work, and every envelope has its receipt; else when the
   * bus is closed.
   */
  drain(): Promise<void>;
  /**
   * Ends what is in work, and leaves the relays, within a second. Calls that still wait throw `closed`. `drain` first, if
   * work may take longer.
   */
  close(): Promise<void>;
}
