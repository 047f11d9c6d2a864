import { number } from '../../checks/cost/page.ts';
import { markdownTable as table } from '../../checks/page-tables.ts';
import { INPUTS } from '../inputs.ts';
import { ENDS } from '../model/requests.ts';
import { type GridRecord, type Planned, resultOf, type ScenarioName, TRIED_LIMITS } from '../plan.ts';
import type { Load, Quantiles } from '../result.ts';
import { SCENARIOS } from '../scenarios.ts';
import { type Limit, reachedAt } from './limits.ts';

/** Returns what became of the requests of runs. */
export function endsTable(record: GridRecord, names: readonly ScenarioName[]): string {
  return table(
    ['scenario', 'requests', 'answered', 'not answered, by reason', 'stored', 'time to the answer: p50, p99'],
    names.map((name) => {
      const { asked, ends, stored, answer } = resultOf(record, name, 1);
      const answered = ends.answered ?? 0;
      return [
        SCENARIOS[name].title,
        number(asked),
        share(answered, asked),
        reasons(ends, asked),
        number(stored),
        `${seconds(answer.p50)}, ${seconds(answer.p99)}`,
      ];
    }),
  );
}

/** Returns when twins were back after an incident. */
export function recoveryTable(record: GridRecord, runs: readonly Planned[]): string {
  return table(
    ['incident', 'grid', 'connections lost', 'back: p50', 'p99', 'the last', 'failed attempts', 'longest upgrade'],
    runs.map(({ scenario, growth, limit }) => {
      const { twins, away, back, failures, longestUpgradeMs } = resultOf(record, scenario, growth, limit);
      return [
        SCENARIOS[scenario].title,
        `×${growth}, ${number(twins)} twins`,
        number(away),
        ...triple(back),
        Object.entries(failures)
          .map(([why, count]) => `${number(count)} ${why}`)
          .join(', ') || '0',
        seconds(longestUpgradeMs),
      ];
    }),
  );
}

/** Returns the load of the busiest objects. */
export function loadTable(record: GridRecord, runs: readonly Planned[]): string {
  const cells = ({ aSecond, peak, longestWaitMs, rejected }: Load) => [
    `${number(Math.round(aSecond * 10) / 10)}, ${number(peak)}`,
    seconds(longestWaitMs),
    number(rejected),
  ];
  return table(
    [
      'scenario',
      'grid',
      'poller’s object: mean, busiest second',
      'longest wait',
      'rejected',
      'node’s object: busiest second',
      'stats object: busiest second',
      'longest wait',
      'rejected',
    ],
    runs.map(({ scenario, growth, limit }) => {
      const { load } = resultOf(record, scenario, growth, limit);
      return [
        `${SCENARIOS[scenario].title}${limit === 0 && growth > 1 ? ', no rate limit' : ''}`,
        `×${growth}`,
        ...cells(load.poller),
        number(load.node.peak),
        number(load.stats.peak),
        seconds(load.stats.longestWaitMs),
        number(load.stats.rejected),
      ];
    }),
  );
}

/** Returns the limits, the one that is reached first at the top. */
export function limitsTable(limits: readonly Limit[]): string {
  return table(
    ['limit', 'today', 'at', 'the limit', 'reached at a grid of', 'then'],
    limits.map((limit) => {
      const last = limit.values.at(-1);
      const ofToday = limit.values.find(([growth]) => growth === 1)?.[1] ?? 0;
      const unit = limit.unit === '' ? '' : ` ${limit.unit}`;
      return [
        limit.title,
        `${short(ofToday)}${unit}`,
        last === undefined || last[0] === 1 ? '' : `×${last[0]}: ${short(last[1])}`,
        `${short(limit.ceiling)}${unit}`,
        growthText(reachedAt(limit)),
        limit.advice,
      ];
    }),
  );
}

/** Returns how many requests of a burst each rate limit refuses. */
export function rateTable(record: GridRecord): string {
  const limits = [...TRIED_LIMITS, undefined, 0] as const;
  return table(
    ['messages a minute', 'refused', 'answered', 'time to the answer: p50, p99'],
    limits.map((limit) => {
      const { asked, ends, answer } = resultOf(record, 'burst', 1, limit);
      const title =
        limit === undefined ? `${number(record.rateLimit)} (as shipped)` : limit === 0 ? 'no limit' : number(limit);
      return [
        title,
        share(ends['rate-limited'] ?? 0, asked),
        share(ends.answered ?? 0, asked),
        `${seconds(answer.p50)}, ${seconds(answer.p99)}`,
      ];
    }),
  );
}

/** Returns the inputs that are not the product's. */
export function inputsTable(): string {
  const { platform, network, fleet, kv } = INPUTS;
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'requests an object handles in a second',
      `${platform.ceiling}`,
      `documented: ${platform.ceilingFrom} to ${number(platform.ceilingTo)}`,
    ],
    [
      'a call is rejected as overloaded after a wait of',
      seconds(platform.queueMs),
      'assumed, from the text of the error',
    ],
    ['an idle object hibernates after', seconds(platform.hibernateMs), 'documented'],
    [
      'a deploy leaves an active object its code for',
      seconds(platform.deployMs),
      'documented; that its sockets end is assumed',
    ],
    ['KV: a location caches a value for', seconds(platform.kvCacheMs), 'documented'],
    ['KV: a read from the cache, p50 and p99', `${kv.hot.p50} and ${kv.hot.p99} ms`, 'published'],
    ['KV: another read', `${kv.cold.p50} and ${kv.cold.p99} ms`, 'assumed'],
    ['isolates of the Worker on a continent', `${INPUTS.isolates}`, 'assumed'],
    ['from a client to the next location', `${network.clientMs} ms`, 'assumed'],
    ['between continents, one way', '50 to 160 ms', 'assumed'],
    ['a read of the chain', `${network.chainMs} ms`, 'assumed'],
    ['nodes, pollers', `${number(fleet.nodes)}, ${fleet.pollers}`, 'the main network, rounded'],
    ['a node’s time for a command', `${fleet.serviceMs} ms on average`, 'assumed'],
    ['a request’s life', seconds(fleet.lifeMs), 'assumed'],
    [
      'a poller’s fastest rate',
      `${number(INPUTS.burstASecond)} a second`,
      'measured: [performance.md](performance.md)',
    ],
  ];
  return table(['input', 'value', 'source'], rows);
}

function triple({ p50, p99, last }: Quantiles): readonly string[] {
  return [seconds(p50), seconds(p99), seconds(last)];
}

function reasons(ends: { readonly [end: string]: number }, asked: number): string {
  const found = ENDS.filter((end) => end !== 'answered' && (ends[end] ?? 0) > 0);
  return found.map((end) => `${end} ${share(ends[end] ?? 0, asked)}`).join(', ') || 'none';
}

/** Returns a share. Only what is all, or nothing, is 100 % or 0 %. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.1) return `${percent.toFixed(3)} %`;
  if (part < whole && percent > 99.9) return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`;
  return `${Number(percent.toFixed(1))} %`;
}

export function seconds(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 999.5) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
  return `${number(Number((ms / 1000).toFixed(ms < 60_000 ? 1 : 0)))} s`;
}

/** Returns a growth: exact while it is small. */
export function growthText(growth: number): string {
  if (growth === Number.POSITIVE_INFINITY) return 'never';
  return growth > 100 ? '> ×100' : `×${Number(growth.toFixed(growth < 10 ? 1 : 0))}`;
}

function short(value: number): string {
  return number(value < 100 ? Number(value.toFixed(1)) : Math.round(value));
}
