import type { Primitives } from '../proto/crypto/primitives.ts';
import type { Address } from '../proto/envelope/address.ts';
import { identityOf } from '../proto/identity.ts';
import { Calls } from './asking/calls.ts';
import { openBus } from './bus.ts';
import { ConnectedBus } from './connected-bus.ts';
import { givenChain, openChain, ownTwinOf } from './directory/open-chain.ts';
import { commandsPlugin } from './discovery/commands-plugin.ts';
import { RmbError } from './errors.ts';
import { type Keys, keysOfSigner } from './identity/signer.ts';
import { misplacedAt } from './placement.ts';
import type { Log, PartState, Wakes } from './ports.ts';
import type { ConnectOptions, Who } from './public.ts';
import { type Handled, Handlers, REMEMBERED } from './serving/handlers.ts';
import { RELEASE } from './serving/release.ts';
import { versionPlugin } from './serving/version.ts';
import { Clock, tellSkew } from './session/clock.ts';
import { FirstConnection } from './session/first-connection.ts';
import type { Session } from './session/session.ts';
import type { Dial } from './session/socket.ts';
import { Status } from './status/status.ts';

/** Limit for the chain and for the relays each, unless the options say otherwise, ms. */
const CONNECT_MS = 30_000;
/** Requests in work at once, unless the options say otherwise. */
const PARALLEL = 16;
/** More relays than this cost a connection each and add nothing. */
const MAX_RELAYS = 4;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Parts that depend on the host: Node, a browser or workerd. */
export interface Host {
  readonly dial: Dial;
  readonly primitives: Primitives;
  /** Tells when sockets should be looked at; undefined where the host never sleeps. */
  readonly wakes?: Wakes | undefined;
  /** Whether relays are offered custody; true when absent. Measurements compare both. */
  readonly offersCustody?: boolean;
  /** Reports each request of another twin. */
  onHandled?(handled: Handled): void;
}

/** Connects a twin to the bus. Throws an `RmbError` when it, the chain or every relay cannot be used. */
export async function openConnection(options: ConnectOptions, host: Host): Promise<ConnectedBus> {
  const { signal, log = SILENT, timeout = CONNECT_MS, sid = `client-${crypto.randomUUID().slice(0, 8)}` } = options;
  const { dial, primitives, wakes } = host;
  if (signal?.aborted) throw new RmbError('aborted', 'connecting was aborted', { cause: signal.reason });
  const relays = relayUrls(options.relays);
  const identity = await identityIn(options, primitives);
  const clock = new Clock(Date.now, (skew, verdict, relay) =>
    tellSkew(log, { relay, seconds: Math.round(skew) }, verdict),
  );
  const status = new Status();
  let onTwin: (id: number) => void = () => undefined;
  const news = {
    onTime: (time: number) => clock.measureChain(time),
    onState: (state: PartState) => status.set({ type: 'chain', ...state }),
    onTwin: (id: number) => onTwin(id),
  };
  const chain =
    'twins' in options
      ? givenChain(options.twins)
      : await openChain(options.chain, { dial, log, ms: timeout, signal, ...news });
  status.set({ type: 'chain', ...chain.state() });
  let session: Session | undefined;
  try {
    const twin = await ownTwinOf(chain, identity);
    const own: Address = sid === false ? { twin } : { twin, connection: sid };
    const isFull = () => session?.kept.isFull ?? false;
    const misplaced = () => misplacedAt(chain.twins, twin, relays);
    const first = new FirstConnection(relays, timeout, signal);
    const started = Promise.withResolvers<void>();
    const count = () => undefined;
    const mode = host.offersCustody === undefined ? {} : { offersCustody: host.offersCustody };
    const core = { own, identity, primitives, twins: chain.twins, clock, relays, dial, wakes, log, count, ...mode };
    const onRelay = (relay: string, state: PartState) => {
      first.set(relay, state);
      const custody = state.isUp && (session?.inCustody ?? []).includes(relay);
      status.set({ type: 'relay', relay, ...state, custody });
    };
    let wasFull = false;
    status.set({ type: 'buffer', isFull: wasFull });
    const onKept = () => {
      // Called for each envelope: nothing is compared as text.
      if (isFull() === wasFull) return;
      wasFull = isFull();
      status.set({ type: 'buffer', isFull: wasFull });
    };
    const bus = openBus({ ...core, onRelay, onKept }, ({ sending, replying, isOurs }) => {
      const { plugins = [versionPlugin(RELEASE)], admission = {}, parallel = PARALLEL } = options;
      const calls = new Calls({ own, sending, clock, place: chain.place, isOurs, isFull, misplaced });
      const onHandled = (handled: Handled) => host.onHandled?.(handled);
      const handlers = new Handlers({ replying, clock, parallel, started: started.promise, onHandled, log });
      const listing = commandsPlugin({ list: () => handlers.list(), admission }, plugins);
      const answering = { plugins: [listing, ...plugins], admission, remembered: REMEMBERED };
      const served = { claims: handlers, seen: handlers, ...answering };
      return { served, askers: calls, handlers };
    });
    session = bus.session;
    await first.up;
    // A mailbox comes at once: the caller of `connect` has this turn of the event loop to call `serve`.
    setTimeout(started.resolve, 0);
    const { askers: calls, handlers } = bus.user;
    const parts = { own, chain, relays, clock, session, states: first, status, calls, handlers, log, signal };
    const connected = new ConnectedBus(parts);
    onTwin = (id) => void (id === twin && connected.lookAtPlacement());
    return connected;
  } catch (error) {
    void session?.close();
    chain.close();
    throw error;
  }
}

/** Throws an `RmbError` when a URL is not that of a relay. */
function relayUrls(relays: readonly string[]): URL[] {
  if (relays.length === 0 || relays.length > MAX_RELAYS) {
    throw new RmbError('invalid', `expected 1 to ${MAX_RELAYS} relays, got ${relays.length}`);
  }
  return relays.map((text) => {
    if (!URL.canParse(text) || !/^wss?:$/.test(new URL(text).protocol)) {
      throw new RmbError('invalid', 'invalid relay: expected ws://host[:port] or wss://host[:port]');
    }
    return new URL(text);
  });
}

async function identityIn(options: Who, primitives: Primitives): Promise<Keys> {
  if ('identity' in options) return options.identity;
  if ('signer' in options) return keysOfSigner(options.signer, primitives);
  const identity = await identityOf(options.secret, options.keyType ?? 'sr25519', primitives);
  if (!identity.ok) throw new RmbError('identity', identity.error.detail);
  return identity.value;
}
