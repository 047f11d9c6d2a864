import { INPUTS } from '../inputs.ts';
import { type GridRecord, resultOf, type ScenarioName } from '../plan.ts';
import { PRODUCT } from '../product.ts';
import type { Result } from '../result.ts';

/** A limit that the grid comes nearer to as it grows. */
export interface Limit {
  readonly title: string;
  readonly unit: string;
  readonly ceiling: number;
  /** Values by growth. */
  readonly values: readonly (readonly [growth: number, value: number])[];
  /** What to change before it is reached. */
  readonly advice: string;
}

const MIB = 2 ** 20;

/** Returns all limits of the model, the first one that is reached first. */
export function limitsOf(record: GridRecord): Limit[] {
  const values = (name: ScenarioName, growths: readonly number[], value: (result: Result) => number, isFree = true) =>
    growths.map((growth) => {
      const limit = growth === 1 || !isFree ? undefined : 0;
      return [growth, value(resultOf(record, name, growth, limit))] as const;
    });
  const burst = (value: (result: Result) => number) =>
    [1, 3, 10].map((growth) => [growth, value(resultOf(record, 'burst', growth, 0))] as const);
  const limits: Limit[] = [
    {
      title: 'messages of a poller in a minute, rounds spread',
      unit: 'a minute',
      ceiling: record.rateLimit,
      values: values('spread', [1, 3, 10], ({ inMinute }) => inMinute, false),
      advice: 'raise `RATE_LIMIT_MESSAGES`, see below; spread rounds',
    },
    {
      title: 'messages of a poller in a minute, all nodes at once',
      unit: 'a minute',
      ceiling: record.rateLimit,
      values: burst(({ inMinute }) => inMinute),
      advice: 'raise `RATE_LIMIT_MESSAGES`, see below; spread rounds',
    },
    {
      title: 'time of a round, all nodes at once, against a request’s life',
      unit: 's',
      ceiling: INPUTS.fleet.lifeMs / 1000,
      values: burst(({ answer }) => answer.last / 1000),
      advice: 'spread rounds; gatherers for hot pollers',
    },
    {
      title: 'wait at a poller’s object, all twins reconnect at once',
      unit: 's',
      ceiling: INPUTS.platform.queueMs / 1000,
      values: values('deployAtOnce', [1, 3, 10], ({ load }) => load.poller.longestWaitMs / 1000),
      advice: 'gatherers for hot pollers',
    },
    {
      title: 'requests of a poller’s object, rounds spread, commands together',
      unit: 'a second',
      ceiling: INPUTS.platform.ceiling,
      values: values('spread', [1, 3, 10], ({ load }) => load.poller.aSecond),
      advice: 'gatherers for hot pollers: several objects take the replies and pass them on in batches',
    },
    {
      title: 'requests of a poller’s object, rounds spread, each command on its own',
      unit: 'a second',
      ceiling: INPUTS.platform.ceiling,
      values: values('apart', [1, 3], ({ load }) => load.poller.aSecond),
      advice: 'ask a node all commands together; then gatherers',
    },
    {
      title: 'messages in a poller’s outbox, all nodes at once',
      unit: '',
      ceiling: PRODUCT.outboxMessages,
      values: burst(({ inOutbox }) => inOutbox),
      advice: 'spread rounds',
    },
    {
      title: 'wait at a stats object, all twins reconnect at once',
      unit: 's',
      ceiling: INPUTS.platform.queueMs / 1000,
      values: values('deployAtOnce', [1, 3, 10], ({ load }) => load.stats.longestWaitMs / 1000),
      advice: 'more stats objects, or report a new session a random time later; only gauges are lost',
    },
    {
      title: 'upgrade in the Worker, all twins reconnect at once',
      unit: 's',
      ceiling: PRODUCT.connectMs / 1000,
      values: values('deployAtOnce', [1, 3, 10], ({ longestUpgradeMs }) => longestUpgradeMs / 1000),
      advice: 'a longer first pause of clients after a close by the relay',
    },
    {
      title: 'twins in an isolate’s memory',
      unit: '',
      ceiling: PRODUCT.twinsInMemory,
      values: values('spread', [1, 3, 10], ({ inMemory }) => inMemory),
      advice: 'a larger memory; beyond it each look-up is a read of KV, which costs money but no message',
    },
    {
      title: 'messages in a mailbox, its twin away for 10 minutes',
      unit: '',
      ceiling: record.mailboxMessages,
      values: values('america', [1], ({ inMailbox }) => inMailbox),
      advice: 'nothing: it grows with the number of pollers only',
    },
    {
      title: 'memory of all awake objects, if one isolate had them',
      unit: 'MiB',
      ceiling: INPUTS.platform.isolateBytes / MIB,
      values: values('spread', [1, 3, 10], ({ awake }) => (awake * INPUTS.sessionBytes) / MIB),
      advice: 'nothing: the platform spreads objects',
    },
  ];
  return limits.sort((a, b) => reachedAt(a) - reachedAt(b));
}

/** A value that is this near to its limit cannot grow beyond it: how soon it came there is not known. */
const CAPPED = 1.001;

/**
 * Returns the growth at which a limit is reached: between two runs, or beyond the last one by its slope. A value is
 * proportional to the grid below the first run. One that cannot exceed its limit is extrapolated from before.
 */
export function reachedAt({ ceiling, values }: Pick<Limit, 'ceiling' | 'values'>): number {
  let [fromGrowth, fromValue] = [0, 0];
  let slope = 0;
  for (const [growth, value] of values) {
    const before = slope;
    slope = (value - fromValue) / (growth - fromGrowth);
    if (value >= ceiling / CAPPED) {
      if (value <= ceiling * CAPPED && before > 0) slope = Math.max(before, slope);
      break;
    }
    [fromGrowth, fromValue] = [growth, value];
  }
  return slope <= 0 ? Number.POSITIVE_INFINITY : fromGrowth + (ceiling - fromValue) / slope;
}
