import { INPUTS } from './inputs.ts';
import { regionsOf } from './model/distance.ts';
import type { Place } from './model/place.ts';
import { ENDS, quantiles } from './model/requests.ts';
import { Traffic } from './model/traffic.ts';
import { Twin } from './model/twin.ts';
import { type Setup, World } from './model/world.ts';
import type { Load, Result, Use } from './result.ts';
import { startRounds } from './rounds.ts';
import type { Scenario } from './scenarios.ts';
import { minus, useOf } from './use.ts';

/** Runs a scenario until every request has ended and every twin is back. Deterministic. */
export function run(scenario: Scenario, growth: number, setup: Setup): Result {
  const world = new World(setup);
  const { nodeShare, pollerShare } = INPUTS.fleet;
  const regions = [...regionsOf(scenario.pollers, pollerShare), ...regionsOf(scenario.nodes * growth, nodeShare)];
  const twins = regions.map((region, place) => new Twin(world, place + 1, region));
  for (const { id } of twins) world.store.fill(id, world.chain.generation);
  const strangers: Twin[] = [];
  const traffic = new Traffic(world, twins);
  startRounds(scenario, world, traffic, twins);
  scenario.incident?.({
    world,
    twins,
    addStranger: (region) => {
      const twin = new Twin(world, twins.length + strangers.length + 1, region);
      strangers.push(twin);
      twin.lose();
    },
  });
  const places = [...twins.map(({ place }) => place), ...world.shards];
  let before: Use | undefined;
  world.agenda.at(scenario.fromMs, () => {
    before = useOf(world, places);
  });
  world.agenda.run();
  const { requests } = world;
  if (requests.open !== 0) throw new Error(`${scenario.title}: ${requests.open} requests have no end`);
  const all = [...twins, ...strangers];
  const pollers = twins.slice(0, scenario.pollers);
  const nodes = twins.slice(scenario.pollers);
  const awayMs = all.flatMap((twin) => twin.awayMs);
  const use = useOf(world, places);
  return {
    twins: all.length,
    asked: requests.asked,
    ends: Object.fromEntries(ENDS.map((end) => [end, requests.count(end)])),
    repeats: requests.repeats,
    stored: requests.stored,
    answer: requests.answerMs,
    away: awayMs.length,
    back: quantiles(awayMs),
    failures: failuresOf(all),
    load: {
      poller: busiest(
        pollers.map(({ place }) => place),
        scenario.forMs,
      ),
      node: busiest(
        nodes.map(({ place }) => place),
        scenario.forMs,
      ),
      stats: busiest(world.shards, scenario.forMs),
    },
    inMinute: traffic.most.inMinute,
    inOutbox: traffic.most.inOutbox,
    inMailbox: all.reduce((most, { mostMail }) => Math.max(most, mostMail), 0),
    awake: places.reduce((sum, { awakeMs }) => sum + awakeMs, 0) / scenario.forMs,
    lookups: world.lookups,
    chain: { dials: world.chain.dials, reads: world.chain.reads, mostDials: world.chain.mostDials },
    inMemory: world.mostInMemory,
    longestUpgradeMs: world.longestUpgradeMs,
    use: before === undefined ? use : minus(use, before),
    usedMs: scenario.forMs - scenario.fromMs,
  };
}

function failuresOf(twins: readonly Twin[]): { [why: string]: number } {
  const sum: { [why: string]: number } = {};
  for (const { failures } of twins) for (const [why, count] of failures) sum[why] = (sum[why] ?? 0) + count;
  return sum;
}

/** Returns the highest figures of objects. */
function busiest(places: readonly Place[], ms: number): Load {
  const most = { aSecond: 0, peak: 0, longestWaitMs: 0, rejected: 0 };
  for (const { offered, peak, longestWaitMs, rejected } of places) {
    most.aSecond = Math.max(most.aSecond, (offered * 1000) / ms);
    most.peak = Math.max(most.peak, peak);
    most.longestWaitMs = Math.max(most.longestWaitMs, longestWaitMs);
    most.rejected += rejected;
  }
  return most;
}
