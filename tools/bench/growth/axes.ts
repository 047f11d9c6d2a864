import type { Running } from '../contenders/contenders.ts';
import type { Measure, Times } from '../contenders/measure.ts';
import { fanOut, measureLanes, pairs, type Ways } from '../work/lanes.ts';
import { measureMailbox } from '../work/mailbox.ts';

export const AXES = ['twins', 'destinations', 'payload', 'stored'] as const;

export type AxisName = (typeof AXES)[number];

/** An axis, and how it is measured at one of its steps. */
export interface Axis {
  /** Ascending, at about equal distances on a logarithmic scale. */
  readonly steps: readonly number[];
  /** Whether the bare worker is measured too, to show the platform's part. */
  readonly hasBare: boolean;
  measure(running: Running, step: number): Promise<Measure>;
}

const TIMES: Times = { warm: 500, run: 1200 };
/** Payload of the other axes (bytes). */
const BYTES = 256;
/** Messages in flight on all ways together: as many as the longest axis has ways. */
const FLIGHT = 1000;

export const MEASURED: Readonly<Record<AxisName, Axis>> = {
  twins: {
    steps: [10, 30, 100, 300, 1000],
    hasBare: true,
    measure: (running, twins) => measureWays(running, pairs(twins / 2)),
  },
  destinations: {
    steps: [1, 3, 10, 30, 100, 300, 1000],
    hasBare: true,
    measure: (running, destinations) => measureWays(running, fanOut(destinations)),
  },
  payload: {
    steps: [100, 1024, 10_240, 65_536, 262_144, 1_048_576],
    hasBare: false,
    measure: (running, bytes) =>
      measureLanes(running, { ways: pairs(PAYLOAD_PAIRS), flight: flightOf(bytes), bytes, threads: 1 }, TIMES),
  },
  stored: {
    steps: [1, 10, 100, 1000, 10_000],
    hasBare: false,
    measure: (running, messages) => measureMailbox(running, messages, BYTES, mailboxesOf(messages)),
  },
};

function measureWays(running: Running, ways: Ways): Promise<Measure> {
  const flight = Math.max(1, Math.round(FLIGHT / ways.length));
  return measureLanes(running, { ways, flight, bytes: BYTES, threads: 1 }, TIMES);
}

const PAYLOAD_PAIRS = 4;
const MOST_IN_FLIGHT = 64;
/** Bytes of a sender in flight, far below the 24 MiB of its outbox, which is not what is measured. */
const BYTES_IN_FLIGHT = 4 * 2 ** 20;

function flightOf(bytes: number): number {
  return Math.min(MOST_IN_FLIGHT, Math.floor(BYTES_IN_FLIGHT / bytes));
}

/** A few messages take too little time to measure, so they are spread over many mailboxes. */
const STORED_TOGETHER = 10_000;
const MOST_MAILBOXES = 200;

function mailboxesOf(messages: number): number {
  return Math.min(MOST_MAILBOXES, STORED_TOGETHER / messages);
}
