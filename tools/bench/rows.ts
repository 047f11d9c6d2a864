import type { Ability, Running } from './contenders/contenders.ts';
import type { Measure, Times } from './contenders/measure.ts';
import { measureFederation } from './work/federation.ts';
import { measureIdle } from './work/idle.ts';
import { fanIn, measureLanes, pairs, type Ways } from './work/lanes.ts';
import { measureMailbox } from './work/mailbox.ts';

/**
 * Measurements of the Rust relay on two cores with an earlier load generator beside it, November 2026. `--against`
 * measures it again.
 */
interface Reference {
  readonly rate?: number;
  readonly p50?: number;
  readonly cpu?: number;
}

/** The targets of the relay. */
interface Target {
  /** Times the reference's rate. */
  readonly timesRate?: number;
  /** At most this multiple of the reference's processor time. */
  readonly timesCpu?: number;
  /** At most this multiple of the reference's p50. */
  readonly timesP50?: number;
  /** A second. */
  readonly rate?: number;
  /** The slowest run is at least this part of the fastest. */
  readonly steady?: number;
  /** No accepted message is lost. */
  readonly losesNothing?: true;
  /** At most this multiple of the memory of a bare worker's session. */
  readonly timesBareMemory?: number;
  /** At least this multiple of the bare worker's rate. */
  readonly timesBareRate: number;
}

/** A work that is measured. */
export interface Row {
  readonly name: string;
  readonly needs: Ability;
  readonly reference: Reference;
  readonly target: Target;
  /** Settings of the relay for this work. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether the short benchmark runs it too. */
  readonly isShort: boolean;
  run(running: Running, times: Times): Promise<Measure>;
}

function lanes(ways: Ways, flight: number, bytes = 256): Row['run'] {
  return (running, times) => measureLanes(running, { ways, flight, bytes, threads: 1 }, times);
}

/** The default target: this part of the bare worker's rate. */
const KEEPS = 0.85;

export const ROWS: readonly Row[] = [
  {
    needs: 'pairs',
    name: '8 pairs × 1 in flight',
    reference: { rate: 17_500, p50: 0.39 },
    target: { timesRate: 1, timesBareRate: KEEPS },
    isShort: true,
    run: lanes(pairs(8), 1),
  },
  {
    needs: 'pairs',
    name: '8 pairs × 32 in flight',
    reference: { rate: 24_100, cpu: 62 },
    target: { timesRate: 2, timesCpu: 0.4, timesBareRate: KEEPS },
    isShort: true,
    run: lanes(pairs(8), 32),
  },
  {
    needs: 'pairs',
    name: '32 pairs × 32 in flight',
    reference: { rate: 24_500 },
    target: { timesRate: 2.5, timesBareRate: KEEPS },
    isShort: false,
    run: lanes(pairs(32), 32),
  },
  {
    name: '8 senders → 1 receiver',
    needs: 'fan-in',
    reference: { rate: 25_000, cpu: 45 },
    target: { timesRate: 2.5, steady: 0.7, timesBareRate: KEEPS },
    isShort: true,
    run: lanes(fanIn(8), 32),
  },
  {
    needs: 'pairs',
    name: '1 pair × 1 in flight',
    reference: { p50: 0.21 },
    target: { timesP50: 0.75, timesBareRate: KEEPS },
    isShort: true,
    run: lanes(pairs(1), 1),
  },
  {
    needs: 'pairs',
    name: '4 KiB, 8 pairs × 32',
    reference: { rate: 15_900 },
    target: { timesRate: 1.8, timesBareRate: KEEPS },
    isShort: false,
    run: lanes(pairs(8), 32, 4096),
  },
  {
    needs: 'pairs',
    name: '64 KiB, 4 pairs × 8',
    reference: { rate: 4150 },
    target: { timesRate: 1.1, timesBareRate: KEEPS },
    isShort: true,
    run: lanes(pairs(4), 8, 65_536),
  },
  {
    name: 'mailbox: 8,000 drained',
    needs: 'mailbox',
    reference: { rate: 710 },
    target: { rate: 20_000, timesBareRate: KEEPS },
    isShort: true,
    run: (running) => measureMailbox(running, 8000, 256),
  },
  {
    name: 'federation in, checked',
    needs: 'signatures',
    reference: {},
    target: { rate: 3000, losesNothing: true, timesBareRate: KEEPS },
    isShort: true,
    run: (running, times) => measureFederation(running, 256, times),
  },
  {
    name: 'federation in, unchecked',
    needs: 'federation',
    reference: { rate: 19_400 },
    target: { rate: 6000, losesNothing: true, timesBareRate: KEEPS },
    settings: { FEDERATION_VERIFY: 'off' },
    isShort: false,
    run: (running, times) => measureFederation(running, 256, times),
  },
  {
    name: 'federation in, unchecked, 32 in a batch',
    needs: 'batches',
    reference: {},
    // Three times what the row above was before there were batches.
    target: { rate: 27_900, losesNothing: true, timesBareRate: KEEPS },
    settings: { FEDERATION_VERIFY: 'off' },
    isShort: false,
    run: (running, times) => measureFederation(running, 256, times, 32),
  },
  {
    name: '5,000 idle sessions of 1,900 twins',
    needs: 'idle',
    reference: { rate: 2500 },
    target: { timesBareMemory: 1.05, timesBareRate: 1 },
    isShort: false,
    run: (running) => measureIdle(running, 5000, 1900),
  },
];
