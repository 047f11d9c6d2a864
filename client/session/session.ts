import { OFFER } from '../../proto/custody/acceptance.ts';
import type { TwinPresence } from '../../proto/custody/presence.ts';
import type { Address } from '../../proto/envelope/address.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { mintToken } from '../../proto/token/token.ts';
import type { CustodyReports } from '../custody/session.ts';
import type { PeerFault } from '../errors.ts';
import type { Keys } from '../identity/signer.ts';
import type { Count, FrameEnd, Handover, Log, PartState, SentEnvelope, Uplink, Wakes } from '../ports.ts';
import { freshUid } from '../sending/uid.ts';
import { Idle } from '../status/idle.ts';
import type { Clock } from './clock.ts';
import { ClockSteps } from './clock-steps.ts';
import { RelayConnection } from './connection.ts';
import { Relays, type RelaysPort } from './relays.ts';
import type { Dial } from './socket.ts';

/** Life of a token, seconds: a clock may differ from the relay's by minutes. */
const TOKEN_SECONDS = 300;
/** Life of a ping envelope, seconds. */
const PING_SECONDS = 60;

/** Parts of a session, and its reports. */
export interface SessionParts {
  /** The twin, and the sid of this session. */
  readonly own: Address;
  readonly identity: Keys;
  /** ws(s)://host[:port] of each relay. */
  readonly relays: readonly URL[];
  readonly dial: Dial;
  readonly clock: Clock;
  readonly log: Log;
  readonly count?: Count;
  /** Whether relays are offered custody; true when absent. */
  readonly offersCustody?: boolean | undefined;
  /** Tells when sockets should be looked at; absent where the host never sleeps. */
  readonly wakes?: Wakes | undefined;
  /** Reports the state of a relay, by its host[:port]. */
  onRelay(relay: string, state: PartState): void;
  /** Resolves when the frame has been processed; never rejects. */
  onFrame(frame: Uint8Array): Promise<FrameEnd | undefined>;
  /** Returns whether an envelope that a torn socket may have lost is sent again; absent: none is. Never rejects. */
  isWorthRepeating?(bytes: Uint8Array): Promise<boolean>;
  /** A relay refused an envelope because of its size, after it was sent; `limit` is what the relay takes (bytes). */
  onTooLarge(envelope: SentEnvelope, limit: number | undefined): void;
  /** The envelopes without a receipt are others than before, or senders wait for room. */
  onKept?(): void;
}

/** The presence of twins at one relay. */
export interface RelayPresence {
  /** host[:port] */
  readonly relay: string;
  /** In the order of the question. */
  readonly twins: readonly TwinPresence[];
}

/** A twin's session at its relays: every relay stays connected, and each envelope leaves through one of them. */
export class Session implements Uplink {
  /** Whether every envelope has its receipt. */
  readonly idle = new Idle(() => this.#relays.kept === 0 && !this.#relays.isFull);
  readonly #parts: SessionParts;
  readonly #connections: readonly RelayConnection[];
  readonly #relays: Relays;
  readonly #steps: ClockSteps;
  #endWakes: () => void = () => undefined;
  /** Connections are made before `Relays`. */
  readonly #custody: CustodyReports = {
    opened: (way, window) => this.#relays.opened(way, window),
    receive: (way, receipts, lostBefore) => this.#relays.receive(way, receipts, lostBefore),
    lost: (way) => this.#relays.lost(way),
    without: (way) => this.#relays.without(way),
  };

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#connections = parts.relays.map((url) => this.#connection(url));
    const port: RelaysPort = {
      count: parts.count ?? (() => undefined),
      isWorthRepeating: async (bytes) => (await parts.isWorthRepeating?.(bytes)) ?? false,
      onKept: () => {
        this.idle.look();
        parts.onKept?.();
      },
    };
    this.#relays = new Relays(this.#connections, port, Math.random);
    this.#steps = new ClockSteps(
      Date.now,
      () => performance.now(),
      (ms) => this.#clockWasSet(ms),
    );
  }

  /** Hosts of the relays that are connected with custody. */
  get inCustody(): readonly string[] {
    return this.#connections.filter(({ custody }) => custody !== undefined).map(({ name }) => name);
  }

  /** Envelopes without a receipt, and whether others wait because no more of them are kept. */
  get kept(): { readonly envelopes: number; readonly isFull: boolean } {
    return { envelopes: this.#relays.kept, isFull: this.#relays.isFull };
  }

  /** Asks each relay that is connected with custody about twins. A relay that does not answer is left out. */
  async presence(twins: readonly number[]): Promise<readonly RelayPresence[]> {
    const asked = this.#connections.map(async ({ custody }) => {
      const told = await custody?.ask(twins);
      return custody === undefined || told === undefined ? [] : [{ relay: custody.name, twins: told }];
    });
    return (await Promise.all(asked)).flat();
  }

  /** Starts to connect. */
  open(): void {
    for (const connection of this.#connections) connection.open();
    this.#steps.start();
    const look = () => {
      for (const connection of this.#connections) connection.look();
    };
    this.#endWakes = this.#parts.wakes?.(look) ?? this.#endWakes;
  }

  send(bytes: Uint8Array, deadline: number): Promise<Handover | PeerFault> {
    return this.#relays.send(bytes, deadline);
  }

  /** Sends nothing to a twin for so many seconds: a relay says that its object is overloaded. */
  pause(twin: number, seconds: number): void {
    this.#relays.pause(twin, seconds);
  }

  /** Gives up every envelope that waits for a relay, now and later. */
  stopSending(): void {
    this.#relays.close();
  }

  /** Reads no more. Resolves when every frame that was read has been processed; sending still works. */
  async finish(): Promise<void> {
    this.#steps.stop();
    await Promise.all(this.#connections.map((connection) => connection.finish()));
  }

  /**
   * Leaves all relays. Returns whether they have every envelope that was sent; false if none was connected.
   * @param ms limit; absent: as long as receipts, closes and work may take each
   */
  async close(ms?: number): Promise<boolean> {
    this.#steps.stop();
    this.#endWakes();
    this.#relays.close();
    const partings = await Promise.all(this.#connections.map((connection) => connection.close(ms)));
    this.#relays.end();
    const known = partings.filter((isClean) => isClean !== undefined);
    return known.length > 0 && known.every(Boolean);
  }

  #connection(url: URL): RelayConnection {
    const { dial, clock, log, own, identity, onRelay, onFrame, onTooLarge } = this.#parts;
    const { host } = url;
    const { twin, connection: sid } = own;
    const offers = this.#parts.offersCustody ?? true;
    const optional = { ...(sid === undefined ? {} : { sid }), ...(offers ? { cap: [OFFER] } : {}) };
    const claims = { twin, ttl: TOKEN_SECONDS, ...optional };
    const connection: RelayConnection = new RelayConnection(url.href.replace(/\/+$/, ''), {
      dial,
      log,
      token: () => mintToken({ ...claims, now: clock.secondsAt(host), aud: url.host }, identity),
      pingEnvelope: () => encodeEnvelope(this.#ping()),
      onDate: (date, askedAt) => clock.measure(host, date, askedAt),
      onState: (state) => {
        onRelay(host, state);
        if (state.isUp) this.#relays.wake();
      },
      onFrame: (frame) => onFrame(frame),
      onTooLarge: (envelope, limit) => onTooLarge(envelope, limit),
      onEnded: (isTorn) => this.#relays.ended(connection, isTorn),
      ...(offers ? { custody: this.#custody } : {}),
    });
    return connection;
  }

  /** Relays answer a ping envelope at once, and look at nothing in it but its source. */
  #ping() {
    const { own, clock } = this.#parts;
    const times = { timestamp: BigInt(clock.seconds()), expiration: BigInt(PING_SECONDS) };
    const content = { kind: 'ping' as const };
    return { uid: freshUid(), ...times, source: own, destination: own, content, relays: [] };
  }

  #clockWasSet(ms: number): void {
    const { log, clock } = this.#parts;
    log.warn({ seconds: Math.round(ms / 1000) }, 'this machine’s clock was set: relays are asked for theirs again');
    clock.forget();
    for (const connection of this.#connections) connection.reconnect();
  }
}
