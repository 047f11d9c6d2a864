import { INPUTS, type Region } from './inputs.ts';
import type { Twin } from './model/twin.ts';
import type { World } from './model/world.ts';
import { PRODUCT } from './product.ts';

/** The world and its twins, for an incident. */
export interface Stage {
  readonly world: World;
  readonly twins: readonly Twin[];
  /** Adds a twin that no cache knows, and that connects now. */
  addStranger(region: Region): void;
}

/** How pollers ask: `spread` evenly over the round, in a `burst` at its begin, or not at all. */
type Rounds = 'spread' | 'burst' | 'none';

/** One scenario of the page. Counts are those at growth 1; nodes grow. */
export interface Scenario {
  readonly title: string;
  readonly nodes: number;
  readonly pollers: number;
  readonly rounds: Rounds;
  /** Whether the commands to a node travel together, or each in a round of its own. */
  readonly together: boolean;
  /** What is used before this time is not counted, because caches are empty at first, ms. */
  readonly fromMs: number;
  /** Time in which pollers ask, ms. */
  readonly forMs: number;
  /** Begins at `INCIDENT_MS`. */
  readonly incident?: (stage: Stage) => void;
}

const SECOND = 1_000;
const MINUTE = 60_000;
/** When incidents begin, ms. */
const INCIDENT_MS = 30 * SECOND;
const AWAY_MS = 10 * MINUTE;
const CHAIN_AWAY_MS = 5 * MINUTE;
const NEW_TWINS = 10;
const { nodes, pollers } = INPUTS.fleet;

const traffic = { nodes, pollers, rounds: 'spread', together: true, fromMs: 0 } as const;
const steady = { ...traffic, fromMs: MINUTE } as const;

export const SCENARIOS = {
  spread: { ...steady, title: 'rounds spread over 5 minutes', forMs: 1.25 * MINUTE },
  apart: { ...steady, title: 'rounds spread, each command on its own', together: false, forMs: 1.1 * MINUTE },
  // Each poller meets its own limits alone: four are enough.
  burst: { ...traffic, title: 'all nodes asked at once', pollers: 4, rounds: 'burst', forMs: 5 * MINUTE },
  onePoller: {
    ...steady,
    title: 'one poller, 3,000 nodes',
    nodes: 3_000,
    pollers: 1,
    together: false,
    forMs: 6 * MINUTE,
  },
  deploy: { ...traffic, title: 'a deploy, deferred', forMs: 6 * MINUTE, incident: deploy },
  deployAtOnce: { ...traffic, title: 'a deploy, all at once', forMs: 0.75 * MINUTE, incident: allAtOnce },
  europe: { ...traffic, title: 'Europe is away for 10 minutes', forMs: 12 * MINUTE, incident: away('Europe') },
  america: {
    ...traffic,
    title: 'North America is away for 10 minutes',
    forMs: 12 * MINUTE,
    incident: away('North America'),
  },
  chain: {
    ...traffic,
    title: 'the chain is away for 5 minutes, a deploy meanwhile',
    forMs: 6 * MINUTE,
    incident: chainAway,
  },
  generation: { ...traffic, title: 'all cached twins become stale', forMs: 2 * MINUTE, incident: generation },
  storm: {
    ...traffic,
    title: '10,000 known twins reconnect at once',
    nodes: 10_000,
    pollers: 0,
    rounds: 'none',
    forMs: MINUTE,
    incident: allAtOnce,
  },
} as const satisfies Record<string, Scenario>;

/** The Worker is new at once. An object ends its sockets when it is idle, or at last when its time is over. */
function deploy({ world, twins }: Stage): void {
  const { hibernateMs, deployMs } = INPUTS.platform;
  const look = (twin: Twin) => {
    const idleAt = twin.place.lastEventAt + hibernateMs;
    if (world.now >= Math.min(idleAt, INCIDENT_MS + deployMs)) twin.lose();
    else world.agenda.at(Math.min(idleAt, INCIDENT_MS + deployMs), () => look(twin));
  };
  world.agenda.at(INCIDENT_MS, () => {
    world.renewIsolates();
    for (const twin of twins) look(twin);
  });
}

function allAtOnce({ world, twins }: Stage): void {
  world.agenda.at(INCIDENT_MS, () => {
    world.renewIsolates();
    for (const twin of twins) twin.lose();
  });
}

/** The network of a continent passes nothing. Clients notice by their keep-alive. */
function away(region: Region): (stage: Stage) => void {
  return ({ world, twins }) => {
    const gone = twins.filter((twin) => twin.region === region);
    world.agenda.at(INCIDENT_MS, () => {
      for (const twin of gone) {
        twin.hasNetwork = false;
        twin.lose(PRODUCT.heartbeat.dead);
      }
    });
    world.agenda.at(INCIDENT_MS + AWAY_MS, () => {
      for (const twin of gone) twin.hasNetwork = true;
    });
  };
}

/** Ten twins are new to the chain when it goes away; in the middle all isolates and connections end. */
function chainAway({ world, twins, addStranger }: Stage): void {
  world.agenda.at(INCIDENT_MS, () => {
    world.chain.isAway = true;
    for (let n = 0; n < NEW_TWINS; n += 1) addStranger('Europe');
  });
  world.agenda.at(INCIDENT_MS + CHAIN_AWAY_MS / 2, () => {
    world.renewIsolates();
    for (const twin of twins) twin.lose();
  });
  world.agenda.at(INCIDENT_MS + CHAIN_AWAY_MS, () => {
    world.chain.isAway = false;
  });
}

/** The watcher missed too many blocks: every record of KV is of an old generation. */
function generation({ world }: Stage): void {
  world.agenda.at(INCIDENT_MS, () => {
    world.chain.generation = 'second';
  });
}
