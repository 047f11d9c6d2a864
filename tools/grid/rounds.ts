import { INPUTS } from './inputs.ts';
import type { Traffic } from './model/traffic.ts';
import type { Twin } from './model/twin.ts';
import type { World } from './model/world.ts';
import { PRODUCT } from './product.ts';
import type { Scenario } from './scenarios.ts';

/** Lets each poller begin its rounds at a time of its own. Pollers are the first twins. */
export function startRounds(scenario: Scenario, world: World, traffic: Traffic, twins: readonly Twin[]): void {
  const pollers = twins.slice(0, scenario.pollers);
  const nodes = twins.length - scenario.pollers;
  for (const [place, poller] of pollers.entries()) {
    const next = nodesInTurn(scenario, world, nodes);
    if (scenario.rounds === 'spread') spread(scenario, world, traffic, poller, place, nodes, next);
    if (scenario.rounds === 'burst') burst(scenario, world, traffic, poller, place, nodes, next);
  }
}

/** The next node, and the number of its commands. */
type Next = () => readonly [node: number, commands: number];

/** Each poller has an order of its own, and keeps it. */
function nodesInTurn({ pollers, together }: Scenario, world: World, nodes: number): Next {
  const order = Uint32Array.from({ length: nodes }, (_, place) => pollers + place);
  for (let place = nodes - 1; place > 0; place -= 1) {
    const other = world.random.whole(0, place);
    [order[place], order[other]] = [order[other] ?? 0, order[place] ?? 0];
  }
  let turn = 0;
  return () => [order[turn++ % nodes] ?? pollers, together ? INPUTS.fleet.commands : 1];
}

function spread(
  scenario: Scenario,
  world: World,
  traffic: Traffic,
  poller: Twin,
  place: number,
  nodes: number,
  next: Next,
): void {
  const visits = nodes * (scenario.together ? 1 : INPUTS.fleet.commands);
  const apartMs = INPUTS.fleet.everyMs / visits;
  const ask = () => {
    if (world.now >= scenario.forMs) return;
    const [node, commands] = next();
    traffic.ask(poller, [world.requests.ask(place, node, commands, world.now, INPUTS.fleet.lifeMs)]);
    world.agenda.at(world.now + apartMs, ask);
  };
  world.agenda.at(world.random.next() * apartMs, ask);
}

/** As fast as a peer can, in frames of what is ready. */
function burst(
  scenario: Scenario,
  world: World,
  traffic: Traffic,
  poller: Twin,
  place: number,
  nodes: number,
  next: Next,
): void {
  const { commands, everyMs, lifeMs } = INPUTS.fleet;
  const visits = nodes * (scenario.together ? 1 : commands);
  const inFrame = Math.floor(PRODUCT.mostEnvelopesInFrame / (scenario.together ? commands : 1));
  const messagesInFrame = inFrame * (scenario.together ? commands : 1);
  const frameMs = (messagesInFrame * 1000) / INPUTS.burstASecond;
  const round = (left: number) => {
    const frame = Array.from({ length: Math.min(left, inFrame) }, () => {
      const [node, count] = next();
      return world.requests.ask(place, node, count, world.now, lifeMs);
    });
    traffic.ask(poller, frame);
    if (left > inFrame) world.agenda.at(world.now + frameMs, () => round(left - inFrame));
  };
  // Each poller has one round in the time of the scenario.
  world.agenda.at(world.random.next() * Math.min(everyMs, scenario.forMs), () => round(visits));
}
