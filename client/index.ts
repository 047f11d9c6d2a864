/**
 * The Reliable Message Bus as a library, for browsers, Workers and Node.
 *
 * ```ts
 * await using bus = await connect({ secret, relays: ['wss://relay.grid.tf'], chain: ['wss://tfchain.grid.tf'] });
 * const answer = await bus.call(7, 'my.command', { n: 1 });
 * bus.serve('my.double', { in: z.number() }, (n) => 2 * n);
 * ```
 *
 * In a browser the page must be a secure context (https, or localhost): elsewhere there is no WebCrypto. In Node,
 * `rmb-client/node` signs and verifies faster, and keeps a connection with ping frames.
 */
import type { Identity, KeyType } from '../proto/identity.ts';
import type { Result } from '../proto/result.ts';
import type { Bus, ConnectOptions } from './public.ts';

export type { Identity, KeyType } from '../proto/identity.ts';
export type { Twin } from '../proto/twin.ts';
export type { CallResponse } from './asking/calls.ts';
export type { TwinSource } from './directory/chain.ts';
export type { CommandList, JsonSchema, ListedCommand } from './discovery/command-list.ts';
export { type ErrorReply, RmbError, type RmbErrorCode } from './errors.ts';
export type { Signer } from './identity/signer.ts';
export type { Log, PartState } from './ports.ts';
export type { Presence } from './presence.ts';
export type {
  AnyInputSchemas,
  Bus,
  BusState,
  BytesOptions,
  CallOptions,
  CallResult,
  ConnectOptions,
  Handler,
  HandlerReply,
  ManyOptions,
  Pong,
  RequestOptions,
  ServiceAbout,
  ServiceSchemas,
  Services,
  StreamOptions,
  ValueHandler,
} from './public.ts';
export type { Admission } from './serving/admission.ts';
export type { ServiceRequest } from './serving/durable.ts';
export type { HandlerContext } from './serving/outcome.ts';
export type { LocalRequest, Plugin, PluginReply, RemoteRequest } from './serving/plugin.ts';
export type { JsonSchemaOf, SchemaIssue, StandardSchema, Validated } from './serving/typed/standard-schema.ts';
export type { StatusEvent } from './status/status-event.ts';

/**
 * Connects a twin to the bus, over standard WebSockets. Resolves when the chain has told the twin's id and one relay is
 * connected; from then on both are reconnected when they are lost, until `close`.
 * Throws an `RmbError` when the identity, the chain or every relay cannot be used.
 */
export async function connect(options: ConnectOptions): Promise<Bus> {
  // A page shows itself first: it imports 1 KB, and the rest when it connects.
  return (await import('./web.ts')).connectWeb(options);
}

/** Resolves with the keys of a secret: words of a mnemonic, or 0x and 64 hex digits. The error says what to correct. */
export async function identityOf(secret: string, keyType: KeyType): Promise<Result<Identity, { detail: string }>> {
  return (await import('./web.ts')).identityOf(secret, keyType);
}
