import type { Oracle } from './oracle.ts';
import type { Peer } from './peer/peer.ts';
import type { PlainClient } from './peer/plain-client.ts';
import type { Relay } from './relay/relay.ts';
import { type Fault, PEERS, PLAIN, type RelayName } from './scenario.ts';
import type { Network } from './world/network.ts';
import type { World } from './world/world.ts';

/** The parts of a run that faults strike. */
export interface FaultParts {
  readonly world: World;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly relays: ReadonlyMap<RelayName, Relay>;
  readonly peers: ReadonlyMap<number, Peer>;
  readonly plain: PlainClient;
}

/** Has everything go wrong that a scenario says. */
export class Faults {
  readonly #parts: FaultParts;
  /** Until then nobody reads the chain, ms. */
  chainBackAt = 0;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  strike(fault: Fault): void {
    const { world, network, oracle, relays, peers } = this.#parts;
    world.note(() => `FAULT: ${fault.kind} ${JSON.stringify(fault)}`);
    const twins = unorderedBy(fault);
    // What a crash left behind is sent again a little later.
    if (twins.length > 0) oracle.unordered(twins, world.now, Number.POSITIVE_INFINITY);
    const after = (ms: number, run: () => void) => void world.in(ms, undefined, run);
    switch (fault.kind) {
      case 'peer crashes': {
        const peer = peers.get(fault.twin);
        peer?.machine.crashAt(fault.effects, fault.isBefore);
        // At the latest at half of its time: an idle peer has few effects.
        after(fault.ms / 2, () => peer?.machine.crash('crashes'));
        after(fault.ms, () => peer?.start());
        return;
      }
      case 'object crashes':
        relays.get(fault.relay)?.place(fault.twin).machine.crashAt(fault.effects, fault.isBefore);
        return;
      case 'relay crashes': {
        const relay = relays.get(fault.relay);
        if (relay?.isUp !== true) return;
        relay.crash();
        after(fault.ms, () => relay.start());
        return;
      }
      case 'relay is deployed':
        relays.get(fault.relay)?.deploy(fault.keepsSockets);
        return;
      case 'connection breaks':
        for (const link of this.#path(fault.twin, fault.relay)?.links ?? []) link.cut();
        return;
      case 'network': {
        const path = this.#path(fault.twin, fault.relay);
        if (path === undefined) return;
        path.weather = fault.weather;
        path.direction = fault.direction;
        for (const link of path.links) link.blow(fault.weather, fault.direction);
        after(fault.ms, () => network.heal(path));
        return;
      }
      case 'slow network':
        network.latency = fault.latency;
        after(fault.ms, () => network.calm());
        return;
      case 'posts':
        network.postWeather = fault.weather;
        after(fault.ms, () => network.calm());
        return;
      case 'slow Redis':
        peers.get(fault.twin)?.redis.wait(fault.ms);
        return;
      case 'Redis repeats':
        peers.get(fault.twin)?.redis.repeat(fault.ms);
        return;
      case 'clock steps':
        if (typeof fault.who === 'number') peers.get(fault.who)?.stepClock(fault.by);
        else relays.get(fault.who)?.stepClock(fault.by);
        return;
      case 'chain is away':
        this.chainBackAt = world.now + fault.ms;
    }
  }

  /** Ends all that goes wrong. */
  clearUp(): void {
    const { world, network, relays, peers } = this.#parts;
    world.note(() => 'all faults are over');
    network.clearUp();
    for (const relay of relays.values()) {
      if (!relay.isUp) relay.start();
      for (const { machine } of relay.places) machine.spare();
    }
    for (const peer of peers.values()) {
      peer.machine.spare();
      peer.start();
    }
  }

  #path(twin: number, name: RelayName) {
    const { network, relays, plain } = this.#parts;
    const host = relays.get(name)?.host;
    return host === undefined ? undefined : network.path(twin === PLAIN ? plain.machine.name : `peer${twin}`, host);
  }
}

/** Returns the twins whose messages may overtake each other after a fault. Broken connections alone keep the order. */
function unorderedBy(fault: Fault): readonly number[] {
  switch (fault.kind) {
    case 'peer crashes':
    case 'object crashes':
    // A claim whose answer was lost comes again after later ones.
    case 'Redis repeats':
      return [fault.twin];
    case 'relay crashes':
    case 'relay is deployed':
      return [...PEERS, PLAIN];
    default:
      return [];
  }
}
