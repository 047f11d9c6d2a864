import type { Identity, KeyType } from '../proto/identity.ts';
import type { CallResponse } from './asking/calls.ts';
import type { TwinSource } from './directory/chain.ts';
import type { ErrorReply } from './errors.ts';
import type { Signer } from './identity/signer.ts';
import type { Log, PartState } from './ports.ts';
import type { Presence } from './presence.ts';
import type { Admission } from './serving/admission.ts';
import type { ServiceRequest } from './serving/durable.ts';
import type { Plugin } from './serving/plugin.ts';

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
    /** Commands that are answered without a handler; `rmb.version` when absent. */
    readonly plugins?: readonly Plugin[];
    /** Twins that may call; all when absent. */
    readonly admission?: Admission;
    /** Requests in work at once, half of them of one twin; 16 when absent. */
    readonly parallel?: number;
    /** Receives what happens behind the scenes. Nothing in it is ever a secret. */
    readonly log?: Log;
  };

/** Options of `call`. */
export interface CallOptions {
  /** Limit for the reply, ms; 30,000 when absent. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Media type of the payload; `application/json` when absent, none when null. */
  readonly schema?: string | null;
  /** Lets the relay refuse at once if the twin is offline. Otherwise the relay keeps the request for it. */
  readonly failFast?: boolean;
}

/** Returns the response to a request: data alone, or with its media type. An exception becomes error 500. */
export type Handler = (request: ServiceRequest) => Promise<HandlerReply> | HandlerReply;
/** Bytes, text as UTF-8, or data with its media type. */
export type HandlerReply =
  | Uint8Array
  | string
  | { readonly data: Uint8Array | string; readonly schema?: string | undefined };

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
export interface BusStatus {
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
export interface Bus extends AsyncDisposable {
  /**
   * Sends a request, and resolves with the verified response.
   * Throws an `RmbError` when no response comes: its code says why.
   * @param twin an id, or "twin:sid" for one session of the twin
   * @param data the payload; `null` in JSON when absent. Text is sent as UTF-8.
   */
  call(
    twin: number | string,
    command: string,
    data?: Uint8Array | string,
    options?: CallOptions,
  ): Promise<CallResponse>;
  /**
   * Serves a command with a function, from now on. Returns a function that ends this. A later handler of the same
   * command replaces an earlier one.
   */
  serve(command: string, handler: Handler): () => void;
  /**
   * Measures a round trip to a twin's peer. The peer itself answers, not the relay. The limit is 5,000 ms when absent.
   * Throws an `RmbError` when no reply comes.
   */
  ping(twin: number | string, options?: Pick<CallOptions, 'timeout' | 'signal'>): Promise<Pong>;
  /**
   * Asks the connected relays about twins: who is connected there, who was seen when, and how much waits for them. The
   * limit is 5,000 ms when absent. Each twin counts as a message in the relay's rate limit.
   * Throws an `RmbError` when no relay tells.
   */
  presence(twins: readonly number[], options?: { readonly timeout?: number }): Promise<readonly Presence[]>;
  status(): BusStatus;
  /** Ends what is in work, and leaves the relays. Resolves within seconds; calls that still wait throw `closed`. */
  close(): Promise<void>;
}
