import type { KeyType } from '../../../proto/crypto/key-type.ts';
import type { Shares } from '../contenders/processors.ts';
import { spread } from '../judge.ts';

/** The figures of one run. */
export interface Run {
  /** Round trips a second. */
  readonly rate: number;
  /** Latency of a round trip, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time a round trip, ms. */
  readonly each: Shares;
  /** MB. */
  readonly memory: number;
}

/** Medians of the runs of one window. */
export interface Measured extends Run {
  /** The contender. */
  readonly name: string;
  readonly keyType: KeyType;
  readonly window: number;
}

/**
 * Round trips a second of the Rust pair with sr25519, by window; same machine, measured 2026-11. Its two peers took
 * 0.6 ms of processor time a round trip, and p50 was 1.66 ms at window 1.
 */
const RUST_PAIR: Readonly<Record<number, number>> = { 1: 580, 8: 1350, 64: 1464 };
const RUST_PEERS_MS = 0.6;
/** The target for ed25519, which is cheaper to sign and to verify. */
const ED25519_TIMES = 1.5;

export const HEAD = [
  '| peers | keys | window | round trips | target | × against | p50 | p99 | peers | relay | Redis | load | memory |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
].join('\n');

/** Returns the medians of some runs, figure by figure. Throws RangeError without runs. */
export function summaryOf(runs: readonly Run[]): Run {
  const of = (figure: (run: Run) => number): number => {
    const middle = spread(runs.map(figure))?.median;
    if (middle === undefined) throw new RangeError('nothing was measured');
    return middle;
  };
  return {
    rate: of(({ rate }) => rate),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    each: {
      peers: of(({ each }) => each.peers),
      relay: of(({ each }) => each.relay),
      redis: of(({ each }) => each.redis),
      load: of(({ each }) => each.load),
    },
    memory: of(({ memory }) => memory),
  };
}

/** Returns the target for these keys and this window; undefined for a window without a measurement of the Rust pair. */
function targetOf(keyType: KeyType, window: number): number | undefined {
  const rust = RUST_PAIR[window];
  return rust === undefined || keyType === 'sr25519' ? rust : rust * ED25519_TIMES;
}

/** Returns a row of the table with its target, and its ratio to the other peer among `all`. */
export function rowOf(measured: Measured, all: readonly Measured[]): string {
  const { name, keyType, window, rate, p50, p99, each, memory } = measured;
  const target = targetOf(keyType, window);
  const other = all.find((one) => one.name === 'against' && one.window === window);
  const ms = (part: number) => part.toFixed(2);
  const cells = [
    name,
    keyType,
    window,
    `${rate.toFixed(0)}/s`,
    target === undefined ? '' : `${target}/s${rate >= target ? '' : ' missed'}`,
    other === undefined || other === measured ? '' : (rate / other.rate).toFixed(2),
    `${ms(p50)} ms`,
    `${ms(p99)} ms`,
    `${ms(each.peers)}${keyType === 'sr25519' ? ` (${RUST_PEERS_MS})` : ''}`,
    ms(each.relay),
    ms(each.redis),
    ms(each.load),
    `${memory.toFixed(0)} MB`,
  ];
  return `| ${cells.join(' | ')} |`;
}
