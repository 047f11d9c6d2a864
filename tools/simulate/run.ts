import type { TwinLookup } from '../../durable-objects/contract.ts';
import { type Reason, reasonText } from '../../proto/reasons.ts';
import { Faults } from './faults.ts';
import { Oracle } from './oracle.ts';
import { Peer } from './peer/peer.ts';
import { PlainClient } from './peer/plain-client.ts';
import { Relay } from './relay/relay.ts';
import {
  type Fault,
  MEMORY_ONLY,
  type MessagePlan,
  PEERS,
  PLAIN,
  RELAYS,
  type RelayName,
  type Scenario,
} from './scenario.ts';
import { Wire } from './wire.ts';
import { globalsOf, Stage } from './world/globals.ts';
import { Network } from './world/network.ts';
import type { Make, Product } from './world/product.ts';
import { World } from './world/world.ts';

/** After the last fault everything has its end within this time, ms. */
const PATIENCE_MS = 420_000;
/** A crash that waits for the n-th effect of an object comes within this time, or never, ms. */
const ARMED_MS = 5_000;
/** How often the end is looked for, ms. */
const LOOK_MS = 1_000;
/** Once everything has its end, all timers end within this time, ms. */
const QUIET_MS = 4_000_000;

/** What a run showed. */
export interface Outcome {
  readonly violations: readonly string[];
  /** The same for the same seed. */
  readonly hash: number;
  readonly lines: readonly string[];
  readonly events: number;
  readonly parts: number;
}

/** Runs scenarios with one build of the product. */
export class Simulator {
  readonly #stage = new Stage();
  readonly #product: Product;
  #runs = 0;

  constructor(make: Make) {
    this.#product = make(globalsOf(this.#stage));
  }

  /** Runs one scenario. Must be called outside of any microtask: see `inOwnTurn`. */
  run(scenario: Scenario, isTraced = false): Outcome {
    // Hosts get new names: the product remembers in its module what it knows of other relays.
    this.#runs += 1;
    const run = new Run(scenario, this.#product, this.#stage, this.#runs, isTraced);
    try {
      return run.outcome();
    } finally {
      run.close();
      this.#stage.surroundings = undefined;
    }
  }
}

/** One run: its machines, and what goes wrong. */
class Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #wire: Wire;
  readonly #relays = new Map<RelayName, Relay>();
  readonly #peers = new Map<number, Peer>();
  readonly #plain: PlainClient;
  readonly #faults: Faults;
  #faultsEnd = 0;

  constructor(scenario: Scenario, product: Product, stage: Stage, number: number, isTraced: boolean) {
    this.#scenario = scenario;
    const world = new World(scenario.seed, isTraced);
    this.#world = world;
    this.#oracle = new Oracle(world);
    this.#wire = new Wire(world, this.#oracle);
    const network = new Network(world, this.#wire);
    stage.surroundings = { world, fetch: (url, init) => network.fetch(url, init) };
    const hostOf = (name: RelayName) => `${name.toLowerCase()}.r${number}.example`;
    const lookup = (twin: number): TwinLookup => {
      if (world.now < this.#faults.chainBackAt) return { unavailable: 'away' };
      const homes = scenario.homes[twin];
      if (homes === undefined) return { unknown: true };
      return { found: { id: twin, account: new Uint8Array(32), relay: homes.map(hostOf).join('_'), pk: null } };
    };
    for (const name of RELAYS) {
      const relay = new Relay({ world, product, host: hostOf(name), name: `relay${name}`, lookup });
      this.#relays.set(name, relay);
      network.relays.set(relay.host, relay);
    }
    const oracle = this.#oracle;
    for (const twin of PEERS) {
      const hosts = (scenario.homes[twin] ?? []).map(hostOf);
      this.#peers.set(
        twin,
        new Peer(twin, {
          world,
          product,
          network,
          oracle,
          hosts,
          isMemoryOnly: scenario.isMemoryOnly && twin === MEMORY_ONLY,
        }),
      );
    }
    const host = hostOf(scenario.homes[PLAIN]?.[0] ?? 'A');
    this.#plain = new PlainClient(PLAIN, { world, network, oracle, host });
    this.#faults = new Faults({ world, network, oracle, relays: this.#relays, peers: this.#peers, plain: this.#plain });
  }

  outcome(): Outcome {
    const world = this.#world;
    const oracle = this.#oracle;
    for (const peer of this.#peers.values()) peer.start();
    this.#plain.start();
    for (const message of this.#scenario.messages) world.in(message.at, undefined, () => this.#push(message));
    for (const fault of this.#scenario.faults) {
      world.in(fault.at, undefined, () => this.#faults.strike(fault));
      this.#faultsEnd = Math.max(this.#faultsEnd, fault.at + ('ms' in fault ? fault.ms : ARMED_MS));
    }
    const last = Math.max(this.#faultsEnd, ...this.#scenario.messages.map(({ at }) => at));
    world.in(this.#faultsEnd + 1, undefined, () => this.#faults.clearUp());
    let isSettled = false;
    const look = () => {
      isSettled = world.now > last && oracle.isSettled() && this.#isQuiet();
      if (!isSettled) world.in(LOOK_MS, undefined, look);
    };
    look();
    const why = world.run(last + PATIENCE_MS, () => isSettled || oracle.violations.length > 0);
    if (oracle.violations.length === 0) this.#judge(why === 'over');
    if (oracle.violations.length === 0) this.#quieten();
    const { violations, parts } = oracle;
    return { violations, hash: world.hash, lines: world.lines ?? [], events: world.events, parts: parts.size };
  }

  close(): void {
    for (const relay of this.#relays.values()) relay.close();
  }

  #push(message: MessagePlan): void {
    const { from, to, id } = message;
    this.#world.note(() => `program of ${from}: hands over ${id}`);
    for (const each of to) this.#oracle.accepted(message, each);
    if (from === PLAIN) this.#plain.push(message);
    else this.#peers.get(from)?.push(message);
  }

  /** Whether nothing is left that anybody keeps for others. */
  #isQuiet(): boolean {
    for (const { redis } of this.#peers.values()) {
      if (redis.replies.size > 0 || redis.answered.length > 0 || redis.jobs.length > 0) return false;
    }
    for (const relay of this.#relays.values()) {
      for (const place of relay.places) if (place.holds > 0) return false;
    }
    return this.#wire.isSettled;
  }

  #judge(isSettled: boolean): void {
    const oracle = this.#oracle;
    for (const part of oracle.parts.values()) {
      const { name, plan, to, told, served, isReceipted, why } = part;
      if (plan.from === PLAIN) continue;
      if (told.length === 0 && !isReceipted) oracle.violate(`${name} has no end`);
      if (plan.life < 100 || to === PLAIN || this.#isTrueError(why)) continue;
      if (served === 0) oracle.violate(`${name} never reached its service: ${told.join()} ${why}`);
      if (plan.wantsReply && told[0] !== 'reply') oracle.violate(`${name} has no reply: ${told.join()} ${why}`);
    }
    oracle.checkOrder((from, to) => this.#isOnePath(from, to));
    if (oracle.violations.length === 0 && !isSettled) oracle.violate(`it is not quiet: ${this.#leftovers()}`);
  }

  /** Whether an error says what happened in this run, so that the message may end with it. */
  #isTrueError(why: string): boolean {
    const has = (kind: Fault['kind']) => this.#scenario.faults.some((fault) => fault.kind === kind);
    const says = (reason: Reason) => why === reason || why === reasonText(reason);
    // A queued envelope whose receiver’s object here died in the call: nobody knows its fate.
    return (has('chain is away') && says('lookup-failed')) || (has('object crashes') && says('undelivered'));
  }

  /** Whether two peers meet at one relay, and nowhere else. */
  #isOnePath(from: number, to: number): boolean {
    const [here = [], there = []] = [this.#scenario.homes[from], this.#scenario.homes[to]];
    return from !== PLAIN && to !== PLAIN && here.length === 1 && there.length === 1 && here[0] === there[0];
  }

  #leftovers(): string {
    const rows = [...this.#relays.values()].flatMap((relay) =>
      [...relay.places].map((place) => `${place.machine.name} stores ${place.holds}`),
    );
    const peers = [...this.#peers.values()].map(
      ({ machine, redis }) => `${machine.name} keeps ${redis.replies.size} replies, ${redis.answered.length} unsealed`,
    );
    return [...rows, ...peers, this.#wire.leftovers()].join('; ');
  }

  /** Everybody leaves: then nothing may go on for ever. */
  #quieten(): void {
    for (const peer of this.#peers.values()) peer.stop();
    this.#plain.stop();
    const until = this.#world.now + QUIET_MS;
    if (this.#world.run(until, () => false) !== 'empty') this.#oracle.violate('something goes on for ever');
  }
}
