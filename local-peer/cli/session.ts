import { randomUUID } from 'node:crypto';
import type { Address } from '../../proto/address.ts';
import { decodeEnvelope, type Envelope } from '../../proto/envelope.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import { mintToken } from '../../proto/token.ts';
import { relayDomainOf, relayDomains } from '../../proto/twin.ts';
import { Clock, tellSkew } from '../clock.ts';
import { maskUrl } from '../config/mask.ts';
import type { PeerConfig } from '../config.ts';
import { nodePrimitives } from '../crypto/node-primitives.ts';
import { faultError, type PeerFault, tooLarge } from '../faults.ts';
import type { Log, SentEnvelope } from '../ports.ts';
import { Protocol } from '../protocol.ts';
import { RelayConnection } from '../relays/connection.ts';
import { Relays } from '../relays/relays.ts';
import { type OnSealed, Sending } from '../sending.ts';
import { isKeyOnChain } from '../twins/own-key.ts';
import { asked, type OpenChain, openChain, ownTwinOf } from './chain.ts';
import { CommandFailure, type FailureKind, TooLarge } from './failure.ts';

const TOKEN_SECONDS = 300;
/** A relay is tried twice: what the first refusal tells may be the time, and then the second token is right. */
const TRIES = 2;

/** What a session is opened with. `secret` is never logged. */
export type SessionConfig = Pick<PeerConfig, 'secret' | 'keyType' | 'substrate' | 'relays'>;

/** Whom it concerns that a message cannot be sent. */
const FAILURES: Partial<Record<PeerFault['reason'], FailureKind>> = {
  'unknown-twin': 'unknown-twin',
  'broken-key': 'broken-key',
  other: 'chain',
};

/** Who uses a session. */
interface Listener {
  /** Never rejects. */
  receive(envelope: Envelope): Promise<void>;
  /** The relay refused an envelope for its size, after it was sent. */
  refused(envelope: SentEnvelope, failure: TooLarge): void;
}

/** A twin's session at its relays, without Redis. */
export interface Session {
  /** Who we are here: our twin, with a sid of this session. */
  readonly own: Address;
  readonly identity: Identity;
  readonly chain: OpenChain;
  readonly clock: Clock;
  readonly protocol: Protocol;
  /** Hosts of the relays. */
  readonly relays: readonly string[];
  /**
   * Signs, encrypts and sends to the envelope's destination. @returns its bytes
   * @param onSealed told of the seal before anything leaves
   */
  send(
    envelope: Omit<Envelope, 'source' | 'relays'>,
    seconds: number,
    onSealed?: OnSealed,
  ): Promise<Result<Uint8Array, CommandFailure>>;
  /** Sends again what was sent before. */
  again(bytes: Uint8Array, to: number, seconds: number): Promise<void>;
  /** Sets who receives envelopes, those that came before included. */
  listen(listener: Listener): void;
  /** When answers may go astray, why; for people. */
  misplaced(): Promise<string | undefined>;
  /** Takes leave without waiting. */
  close(): void;
}

/**
 * Opens a session under a sid that nobody else has, so that the daemon of the same twin keeps its own.
 * @param sid absent: a fresh one; false: none, as a daemon has it
 * @param ms how long chain and relay may take, each
 * @throws CommandFailure that says whether it is us, the chain or the relay
 */
export async function openSession(
  config: SessionConfig,
  log: Log,
  ms: number,
  sid: string | false = `cli-${randomUUID().slice(0, 8)}`,
): Promise<Session> {
  const primitives = nodePrimitives();
  const identity = await identityOf(config.secret, config.keyType, primitives);
  if (!identity.ok) throw new CommandFailure('identity', identity.error.detail);
  const { e2ePublicKey } = identity.value;
  const clock = new Clock(Date.now, (skew, verdict, relay) =>
    tellSkew(log, { relay, seconds: Math.round(skew) }, verdict),
  );
  const chain = await openChain(config.substrate, log, ms, (time) => clock.measureChain(time));
  const twin = await ownTwinOf(chain, identity.value);
  const own: Address = sid === false ? { twin } : { twin, connection: sid };
  const ownTwin = () => asked(() => chain.twins.get(twin));
  const protocol = new Protocol({
    identity: identity.value,
    twins: chain.twins,
    primitives,
    isKeyOnChain: () => isKeyOnChain(chain.twins, twin, e2ePublicKey),
  });
  // The relay delivers a mailbox at once. Until somebody listens its frames stay in work: beyond 256 the relay waits.
  const { promise: listened, resolve: listen } = Promise.withResolvers<Listener>();
  const urls = config.relays.map((relay) => new URL(relay));
  const claims = { twin, ttl: TOKEN_SECONDS, ...(sid === false ? {} : { sid }) };
  const { connections, relays } = await connect(urls, log, ms, clock, {
    token: (url, now) => mintToken({ ...claims, now, aud: url.host }, identity.value),
    onFrame: async (frame) => {
      const decoded = decodeEnvelope(frame);
      if (decoded.ok) await (await listened).receive(decoded.value);
      else log.warn({ detail: decoded.error.detail }, 'dropped what is no envelope');
    },
    onTooLarge: (envelope, limit) => {
      const failure = new TooLarge(tooLarge(envelope.size, limit));
      void listened.then((listener) => listener.refused(envelope, failure));
    },
  });
  const sending = new Sending({ protocol, twins: chain.twins, uplink: relays });
  return {
    own,
    identity: identity.value,
    chain,
    clock,
    protocol,
    relays: urls.map(({ host }) => host),
    send: async (envelope, seconds, onSealed) => {
      const to = envelope.destination?.twin ?? 0;
      const result = await sending.seal({ ...envelope, source: own, relays: [] }, to, seconds, onSealed);
      if (result.ok && result.value.sent === 'sent') return ok(result.value.bytes);
      if (result.ok) return err(new CommandFailure('relay', `no relay took the message within ${seconds} s`));
      const { error } = result;
      if (error.reason === 'payload') return err(new TooLarge(error));
      const looked = `TfgridModule.Twins at ${chain.place} has nothing under ${to}`;
      const unknown = `the chain knows no twin ${to}: ${looked}`;
      const message = error.reason === 'unknown-twin' ? unknown : faultError(error).message;
      return err(new CommandFailure(FAILURES[error.reason] ?? 'unsendable', message, error));
    },
    again: async (bytes, to, seconds) => void (await sending.again(bytes, to, seconds)),
    listen,
    misplaced: async () => {
      const known = await ownTwin().catch(() => undefined);
      const onChain = relayDomains(known?.relay ?? null);
      if (known === undefined || urls.some((url) => onChain.includes(relayDomainOf(url)))) return undefined;
      const where = onChain.length === 0 ? 'without a relay' : `with relay ${onChain.join(', ')}`;
      const here = urls.map(relayDomainOf).join(', ');
      return `our own twin ${twin} stands on chain ${where}, not with ${here}: twins of other relays answer there`;
    },
    close: () => {
      for (const connection of connections) void connection.close();
      chain.chain.close();
    },
  };
}

/** What each connection asks for. */
interface Talk {
  token(url: URL, now: number): Promise<string>;
  onFrame(frame: Uint8Array): Promise<void>;
  onTooLarge(envelope: SentEnvelope, limit: number | undefined): void;
}

/** Connects to all relays; resolves when one has proven that it works. @throws CommandFailure when none does */
async function connect(
  urls: readonly URL[],
  log: Log,
  ms: number,
  clock: Clock,
  talk: Talk,
): Promise<{ readonly connections: readonly RelayConnection[]; readonly relays: Relays }> {
  const { promise: up, resolve, reject } = Promise.withResolvers<void>();
  const faults = new Map<URL, string[]>(urls.map((url) => [url, []]));
  const failure = () => {
    const each = [...faults].map(
      ([url, details]) => `${maskUrl(url.href)}: ${details.at(-1) ?? `silent for ${ms / 1000} s`}`,
    );
    return new CommandFailure('relay', `no relay can be used: ${each.join('; ')}`);
  };
  const connections = urls.map(
    (url) =>
      new RelayConnection(url.href.replace(/\/+$/, ''), {
        token: () => talk.token(url, clock.secondsAt(url.host)),
        onDate: (date, askedAt) => clock.measure(url.host, date, askedAt),
        onState: ({ isUp, detail }) => {
          if (isUp) {
            relays.wake();
            return resolve();
          }
          faults.get(url)?.push(detail);
          if ([...faults.values()].every((details) => details.length >= TRIES)) reject(failure());
        },
        onFrame: talk.onFrame,
        onTooLarge: talk.onTooLarge,
        log,
      }),
  );
  const relays = new Relays(connections);
  for (const connection of connections) connection.open();
  const timer = setTimeout(() => reject(failure()), ms);
  try {
    await up;
    return { connections, relays };
  } finally {
    clearTimeout(timer);
  }
}
