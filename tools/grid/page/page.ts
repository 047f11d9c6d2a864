import { number } from '../../checks/cost/page.ts';
import { INPUTS } from '../inputs.ts';
import { type GridRecord, type Planned, resultOf, TRIED_LIMITS } from '../plan.ts';
import { PRODUCT } from '../product.ts';
import { type Limit, limitsOf, reachedAt } from './limits.ts';
import { incidentTable, kvShare, monthTable } from './prices.ts';
import {
  endsTable,
  growthText,
  inputsTable,
  limitsTable,
  loadTable,
  rateTable,
  recoveryTable,
  seconds,
  share,
} from './tables.ts';

const at = (scenario: Planned['scenario'], growth = 1, limit?: number): Planned => ({
  scenario,
  growth,
  ...(limit === undefined ? {} : { limit }),
});

const INCIDENTS = [
  at('deploy'),
  at('deployAtOnce'),
  at('deployAtOnce', 10, 0),
  at('europe'),
  at('america'),
  at('chain'),
  at('storm'),
  at('storm', 3),
  at('storm', 10),
];
const LOADS = [
  at('spread'),
  at('spread', 10, 0),
  at('apart'),
  at('apart', 3, 0),
  at('burst', 1, 0),
  at('burst', 3, 0),
  at('deployAtOnce'),
  at('deployAtOnce', 10, 0),
  at('europe'),
  at('america'),
  at('storm'),
  at('storm', 10),
];
const MONTHS = [at('spread'), at('spread', 3, 0), at('spread', 10, 0), at('apart'), at('onePoller')];
const COSTS = [
  at('deploy'),
  at('europe'),
  at('america'),
  at('chain'),
  at('generation'),
  at('generation', 3, 0),
  at('storm'),
];

/** Returns docs/grid.md. */
export function pageOf(record: GridRecord): string {
  const limits = limitsOf(record);
  const { nodes, pollers, commands } = INPUTS.fleet;
  const sections = [
    `# The whole grid, simulated`,
    `Written by \`npm run grid\`, which takes about a minute. A model of ThreeFold’s main network at one relay: ${number(nodes)} nodes on five continents and ${pollers} pollers, mostly in Europe. Each poller sends each node ${commands} commands in 5 minutes. The grid grows by its nodes: ×10 is ${number(nodes * 10)} of them.`,
    `Nothing here was measured on Cloudflare’s network. The model uses the product’s own values and, where they need no I/O, its classes: back-off, resolver’s memory, rate window, tally. What the platform does is an input, and [some of it is assumed](#inputs).`,
    '## What happens to requests',
    endsTable(record, [
      'spread',
      'apart',
      'burst',
      'deploy',
      'deployAtOnce',
      'europe',
      'america',
      'chain',
      'generation',
    ]),
    `Settings are as shipped. A request ends in exactly one way. “time over” are requests to nodes, or of pollers, that were away for longer than the request’s life of ${seconds(INPUTS.fleet.lifeMs)}. “unreachable twin” are look-ups that KV did not answer in time while the chain was away, so soon after a deploy that no memory had the twin.`,
    '## When twins are back',
    recoveryTable(record, INCIDENTS),
    `All clients are this project’s. In a deferred deploy an object ends its connections when it is idle, at most ${seconds(INPUTS.platform.deployMs)} later. The time away for 10 minutes counts: the last twin of a continent is back ${afterwards(record)} after its network. The storm of 10,000 known twins refuses nobody, and is over in ${seconds(resultOf(record, 'storm', 1).back.last)}. ${strangers(record)}`,
    '## Busiest objects',
    loadTable(record, LOADS),
    `In requests: frames, calls, upgrades and reports. An object is modelled with ${INPUTS.platform.ceiling} a second; the documented range is ${INPUTS.platform.ceilingFrom} to ${number(INPUTS.platform.ceilingTo)}. A frame waits; a call that would wait more than ${seconds(INPUTS.platform.queueMs)} is rejected, and its sender sends again. Nodes’ objects are far from any limit.`,
    '## Which limit comes first',
    limitsTable(limits),
    verdict(limits),
    '## The rate limit',
    rateTable(record),
    rateVerdict(record),
    '## What to change',
    changes(record),
    '## What it costs',
    monthTable(record, MONTHS),
    `A month of such traffic at list price, each unit beyond the plan’s allowance, with following the chain. Without a rate limit where the grid is larger. Rows and processor time per message are the upper bounds of [cost.md](cost.md). Reads of KV are ${share(kvShare(record, at('spread')), 1)} of today’s price: most nodes were last looked up in an isolate longer ago than its memory lasts. With ten times as many pollers, too, ×10 costs about ten times more.`,
    incidentTable(record, COSTS),
    'These are whole runs with their ordinary traffic.',
    '## Inputs',
    `As of ${INPUTS.asOf}. \`tools/grid/inputs.ts\` has them all, with their sources.`,
    inputsTable(),
    '## What the model leaves out',
    LEFT_OUT,
  ];
  return `${sections.join('\n\n')}\n`;
}

function afterwards(record: GridRecord): string {
  const lasts = (['europe', 'america'] as const).map((name) => resultOf(record, name, 1).back.last);
  return seconds(Math.max(...lasts) - 600_000);
}

function strangers(record: GridRecord): string {
  const { failures, back } = resultOf(record, 'chain', 1);
  const refused = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return `While the chain is away, known twins come back as fast as otherwise (p99 ${seconds(back.p99)}). Ten new ones are refused ${number(refused)} times, and the last connects ${seconds(back.last - 300_000)} after the chain is back.`;
}

function verdict(limits: readonly Limit[]): string {
  const [first] = limits;
  if (first === undefined) throw new Error('no limits');
  const within = limits.filter((limit) => reachedAt(limit) <= 10);
  return `Growths between runs are interpolated, later ones extrapolated. **The first limit is “${first.title}”, reached at a grid of ${growthText(reachedAt(first))}.** A grid of ×10 meets ${within.length} of these ${limits.length} limits. All limits of a poller are of one twin: they depend on the nodes that it asks, not on the number of pollers.`;
}

function rateVerdict(record: GridRecord): string {
  const { nodes, commands } = INPUTS.fleet;
  const limits = [...TRIED_LIMITS, record.rateLimit].sort((one, other) => one - other);
  const [lowest] = TRIED_LIMITS;
  const refusedAt = (limit: number) =>
    resultOf(record, 'burst', 1, limit === record.rateLimit ? undefined : limit).ends['rate-limited'] ?? 0;
  const enough = limits.find((limit) => refusedAt(limit) === 0);
  const { asked } = resultOf(record, 'burst', 1, lowest);
  const europe = resultOf(record, 'europe', 1);
  const own = INPUTS.platform.ceiling * 60;
  return [
    `A poller that spreads its round needs little: ${number(nodes)} nodes × ${commands} commands in 5 minutes are ${number((nodes * commands) / 5)} a minute. Two things need more.`,
    '',
    `- A poller that asks all nodes at once loses ${share(refusedAt(lowest), asked)} of its requests at ${number(lowest)} a minute. The smallest of these limits that refuses none is ${enough === undefined ? 'none of them' : number(enough)}.`,
    `- After an outage a poller sends what it kept beside what is new: up to ${number(europe.inMinute)} in a minute. At the shipped limit ${number(europe.ends['rate-limited'] ?? 0)} of these requests are refused.`,
    '',
    `**The shipped limit is ${number(record.rateLimit)}**: a whole round of today’s grid at once is ${number(nodes * commands)}, and half of it again is for what was kept. The limit protects a twin’s own object, which handles ${number(own)} requests a minute; ${number(record.rateLimit)} is below that even if each message is a frame of its own. A spread round reaches it at ${number((record.rateLimit * 5) / commands)} nodes. A relay for ×10 needs ${number((nodes * 10 * commands) / 5)} a minute, so it must raise the limit for its pollers, and their objects then need gatherers.`,
  ].join('\n');
}

function changes(record: GridRecord): string {
  const burst = resultOf(record, 'burst', 1, 0);
  const large = resultOf(record, 'burst', 10, 0);
  const perNode = resultOf(record, 'apart', 1).load.poller.aSecond;
  const gatherers = Math.ceil((perNode * 10) / 2 / (INPUTS.platform.ceilingFrom / 2));
  const storm = resultOf(record, 'storm', 10);
  const rejected = record.runs.reduce(
    (sum, { result }) => sum + result.load.poller.rejected + result.load.node.rejected,
    0,
  );
  return [
    `1. **Pollers spread their rounds**, and ask a node all commands together. A round at once takes ${seconds(burst.answer.last)} today, because the poller’s object works at its ceiling. At ×10, ${share(large.ends['time over'] ?? 0, large.asked)} of its requests end before their answer. This needs no change of the relay.`,
    `2. **Custody for pollers.** Its window of ${number(PRODUCT.window)} messages slows a poller down before its object is overloaded: in all runs ${number(rejected)} calls to a twin’s object were rejected. A plain client has no window.`,
    `3. **Gatherers** for a poller whose nodes answer with more than ${number(INPUTS.platform.ceilingFrom)} calls a second: ${gatherers} of them for ×10 with each command on its own, at half of the lowest documented ceiling each.`,
    `4. **Reports to the stats objects** may be spread over some seconds after a mass reconnection: in a storm of ${number(storm.twins)} twins ${number(storm.load.stats.rejected)} reports of gauges are rejected. No message is.`,
    `5. **The first pause of clients** (full jitter up to half a second) brings a whole grid back at once. With ${INPUTS.isolates} isolates on a continent the longest upgrade in a storm of ${number(storm.twins)} twins is ${seconds(storm.longestUpgradeMs)}; clients give up after ${seconds(PRODUCT.connectMs)}. Up to there the pause is right: a longer one would only delay smaller grids.`,
    `6. **Look-ups.** Reads of KV are ${share(kvShare(record, at('spread')), 1)} of the price. A longer memory for known twins would save most of them, but other isolates would see changes on chain later.`,
    '',
    'Several relays help with none of these: a poller’s object is one object at any relay. They help when a whole relay is away.',
  ].join('\n');
}

const LEFT_OUT = [
  '- Bytes: all messages are small. Large ones meet the limits of bytes (256 MiB a minute, 24 MiB in flight) first.',
  '- Plain clients, and their own back-off: nodes of today run Go peers. Federation, other sids, presence.',
  '- Two versions of the code beside each other in a deploy, and lost memory of objects: a request in flight at that moment is not lost here, because custody repeats it.',
  '- Receipts of clients that travel with data; one call for the receipts of each visit is counted. The relay’s windows, and lines between two objects.',
  '- How the platform assigns objects to isolates, and isolates to machines: memory, noisy neighbours, and starting more isolates under load. The number of isolates is fixed here.',
  '- An object’s processor time beyond its requests a second. A frame of 128 requests counts as one request, although it takes longer than a small one.',
  '- Subrequests: a frame of 128 requests makes 256 of them, and the plan allows 10,000 an event. An outbox that never empties counts on, and was not modelled.',
  '- An object without a twin in its region: each twin’s object is in its own region here, which only [the first connection](relay.md) decides.',
  '- A region of the platform away, with the objects in it. Here the network between clients and the platform is away.',
  '- Jitter of the network, lost packets, and slow clients.',
].join('\n');
