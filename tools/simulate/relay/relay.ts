import type { BatchEnvelope, TwinLookup, Verdict } from '../../../durable-objects/contract.ts';
import { IF_AWAY, OUTCOME, type Outcome, RETURN } from '../../../durable-objects/twin/federation/relays/outcome.ts';
import { receiverOf } from '../../../durable-objects/twin/receive/batch.ts';
import { OFFER } from '../../../proto/custody/acceptance.ts';
import { decodeEnvelope, expiresAt } from '../../../proto/envelope/envelope.ts';
import { HASHES } from '../../../proto/hashes.ts';
import { parseToken } from '../../../proto/token/token.ts';
import { relayDomains } from '../../../proto/twin.ts';
import { VARIABLES } from '../../../test/rig/relay/settings.ts';
import { type Link, PING_FRAME, PONG_FRAME } from '../world/link.ts';
import type { Product } from '../world/product.ts';
import { Machine, type World } from '../world/world.ts';
import { Calls } from './calls.ts';
import { ServerSocket } from './server-socket.ts';
import { type PlaceParts, TwinPlace } from './twin-place.ts';

type Headers = Readonly<Record<string, string>>;

/** The response to a POST, as far as a relay reads it. */
export interface Posted {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: null;
}

/** Parts of a run that a relay needs. */
export interface RelayParts {
  readonly world: World;
  readonly product: Product;
  /** Its domain on chain. */
  readonly host: string;
  /** Its name in a trace. */
  readonly name: string;
  /** The chain. */
  lookup(twin: number): TwinLookup;
}

const SETTINGS = { ...VARIABLES, FEDERATION_PRIVATE: 'allow' };

interface RelayEnv {
  /** Finds an object of the run that is at work. */
  find(twin: number): object;
  /** Twins of the run that reported themselves to the stats objects. */
  reported: Set<number>;
}

/** By the relay’s name. The product parses the settings of an environment once, and that takes longer than most of a run. */
const environments = new Map<string, RelayEnv>();

function envOf(name: string): RelayEnv {
  let env = environments.get(name);
  if (env === undefined) {
    const fresh: RelayEnv = { find: () => ({}), reported: new Set() };
    const twins = { getByName: (twin: string) => fresh.find(Number(twin)) };
    const stats = {
      getByName: () => ({
        add: async (_: object, twin: number) => void fresh.reported.add(twin),
        seen: async (ids: readonly number[]) => ids.map((id) => (fresh.reported.has(id) ? 1 : undefined)),
      }),
    };
    env = Object.assign(fresh, { ...SETTINGS, TWIN: twins, STATS: stats });
    environments.set(name, env);
  }
  return env;
}

/** A relay: the Worker in front, and the objects of its twins. */
export class Relay {
  readonly host: string;
  readonly name: string;
  /** The Worker’s memory of accepted envelopes goes with it. */
  readonly #worker: Machine;
  readonly #parts: RelayParts;
  readonly #places = new Map<number, TwinPlace>();
  readonly #placeParts: PlaceParts;
  #accepted: InstanceType<Product['AcceptedEnvelopes']>;
  isUp = true;
  #clock = 0;
  readonly #calls: Calls;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.host = parts.host;
    this.name = parts.name;
    this.#worker = new Machine(parts.world, `${parts.name}/worker`);
    this.#worker.start();
    this.#accepted = new parts.product.AcceptedEnvelopes();
    this.#calls = new Calls(parts.world, () => this.isUp);
    const env = envOf(parts.name);
    env.reported = new Set();
    env.find = (twin) => this.#calls.to(this.place(twin));
    this.#placeParts = {
      world: parts.world,
      product: parts.product,
      isUp: () => this.isUp,
      env,
      resolver: {
        lookup: async (twin: number) => parts.lookup(twin),
        refresh: async (twin: number) => parts.lookup(twin),
      },
    };
  }

  get places(): Iterable<TwinPlace> {
    return this.#places.values();
  }

  place(twin: number): TwinPlace {
    let place = this.#places.get(twin);
    if (place === undefined) {
      place = new TwinPlace(twin, `${this.name}/${twin}`, this.#placeParts);
      place.machine.clock = this.#clock;
      this.#places.set(twin, place);
    }
    return place;
  }

  /** Kills it: all memory and all connections are gone, storage stays. */
  crash(): void {
    this.isUp = false;
    for (const place of this.#places.values()) {
      place.machine.crash('dies with its relay');
      place.tearSockets();
    }
    this.#worker.crash('dies');
  }

  start(): void {
    this.isUp = true;
    this.#accepted = new this.#parts.product.AcceptedEnvelopes();
    this.#worker.start();
  }

  stepClock(by: number): void {
    this.#clock += by;
    this.#worker.clock = this.#clock;
    for (const place of this.#places.values()) place.machine.clock = this.#clock;
  }

  /** Gives its databases to the next run. */
  close(): void {
    for (const place of this.#places.values()) place.storage.close();
  }

  /** New code: all memory is gone. The sockets stay or not. */
  deploy(keepsSockets: boolean): void {
    for (const place of this.#places.values()) {
      place.machine.crash('is deployed again');
      if (!keepsSockets) place.tearSockets();
    }
    this.#accepted = new this.#parts.product.AcceptedEnvelopes();
  }

  /** A WebSocket upgrade. Returns false when it is refused. @param onOpen when the client may know */
  connect(link: Link, url: string, onOpen: () => void, onRefused: () => void): void {
    const token = parseToken(url.slice(url.indexOf('?') + 1));
    if (!this.isUp || !token.ok) {
      onRefused();
      return;
    }
    const { sub: twin, sid, cap } = token.value.claims;
    const place = this.place(twin);
    const request = { twin, sid, host: this.host, ...(cap?.includes(OFFER) && { offersCustody: true }) };
    place.run((instance, process) => {
      const done = place.awaited(onRefused);
      instance.fetch({ url: this.#parts.product.sessionUrl(request) }).then(
        ({ webSocket }) => {
          done();
          if (!process.isAlive || !(webSocket instanceof ServerSocket)) return onRefused();
          this.#bind(place, webSocket, link);
          onOpen();
        },
        () => {
          done();
          onRefused();
        },
      );
    });
  }

  #bind(place: TwinPlace, socket: ServerSocket, link: Link): void {
    const { machine } = place;
    link.attachServer({
      onMessage: (message) => {
        if (message === 'ping') return socket.answer('pong', machine.time);
        if (message === PING_FRAME) return socket.answer(PONG_FRAME);
        const frame = typeof message === 'string' ? message : message.slice().buffer;
        place.run((instance) => void this.#guard(machine, () => instance.webSocketMessage(socket, frame)));
      },
      onEnd: (end) => {
        socket.ended(end);
        place.run((instance) => {
          void this.#guard(machine, () => instance.webSocketClose(socket, end.code, end.reason, end.isClean));
        });
        place.forget(socket);
      },
    });
    socket.bind(link);
  }

  /** The platform logs what an event throws, and goes on. */
  async #guard(machine: Machine, act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#parts.world.note(() => `${machine.name}: an event failed: ${String(error)}`);
    }
  }

  /** A POST of another relay. @param answer gets the status; undefined: the relay died first */
  post(bytes: Uint8Array, headers: Headers, answer: (response: Posted | undefined) => void): void {
    const worker = this.#worker.process;
    if (!this.isUp || worker === undefined) {
      answer(undefined);
      return;
    }
    this.#parts.world.as(worker, () => {
      void this.#take(bytes, headers[IF_AWAY] !== RETURN).then(({ status, outcome }) => {
        const named = (name: string) => (name === OUTCOME ? outcome : null);
        if (worker.isAlive) answer({ status, headers: { get: named }, body: null });
      });
    });
  }

  /** The Worker’s ingress of federation, without the checks of keys. Resolves with what it answers. */
  async #take(bytes: Uint8Array, mayStore: boolean): Promise<{ readonly status: number; readonly outcome: Outcome }> {
    const refused = (status: number) => ({ status, outcome: 'refused' as const });
    const decoded = decodeEnvelope(bytes);
    if (!decoded.ok || decoded.value.destination === undefined) return refused(400);
    const end = Number(expiresAt(decoded.value));
    if (end <= Math.floor(this.#worker.time / 1000)) return refused(410);
    const digest = HASHES.sha256Text([bytes]);
    if (this.#accepted.has(digest, this.#worker.time)) return { status: 202, outcome: 'stored' };
    const { twin, connection: sid } = decoded.value.destination;
    const lookup = this.#parts.lookup(twin);
    if (!('found' in lookup)) return refused(503);
    const domains = relayDomains(lookup.found.relay);
    const ifAway = mayStore && domains.includes(this.host) ? 'store' : 'return';
    const addressed: BatchEnvelope = { sid, bytes, ifAway, expiresAt: end, digest, isUrgent: true };
    const object = this.#calls.to(this.place(twin));
    let verdict: Verdict | undefined;
    try {
      [verdict] = await receiverOf(object).deliver([addressed]);
    } catch {
      return refused(503);
    }
    if (verdict === 'offline') return { status: 404, outcome: 'away' };
    if (verdict !== 'sent' && verdict !== 'stored' && verdict !== 'repeat') return refused(503);
    if (verdict === 'stored' && domains.length > 1) object.follow({ host: this.host }).catch(() => undefined);
    this.#accepted.note(digest, this.#worker.time);
    return { status: 202, outcome: verdict === 'sent' ? 'delivered' : 'stored' };
  }
}
