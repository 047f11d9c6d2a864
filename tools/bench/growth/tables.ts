import type { Measure } from '../contenders/measure.ts';
import { spreadOf } from '../judge.ts';
import { markdown, place } from '../table.ts';
import { AXES, type AxisName } from './axes.ts';
import { bytesText, short } from './quantity.ts';
import type { AxisRecord, Growth } from './record.ts';

/** One column: a figure of a run at a step. */
interface Column {
  readonly title: string;
  of(measure: Measure, step: number): number | undefined;
}

const RATE: Column = { title: 'messages a second', of: ({ rate }) => rate };
const CPU: Column = { title: 'processor time a message, µs', of: ({ cpu }) => cpu };
const MEMORY: Column = { title: 'peak memory of the relay, MB', of: ({ peak }) => peak };
const P99: Column = { title: 'p99, ms', of: ({ p99 }) => p99 };

/** One table: its heading, the column of steps, and the columns of figures. */
interface Layout {
  readonly title: string;
  readonly grows: string;
  readonly stepText: (step: number) => string;
  readonly columns: readonly Column[];
}

export const LAYOUTS: Readonly<Record<AxisName, Layout>> = {
  twins: {
    title: 'Connected twins: half of them send to the other half, 1,000 messages of 256 B in flight in all',
    grows: 'connected twins',
    stepText: short,
    columns: [RATE, CPU, P99, MEMORY],
  },
  destinations: {
    title: 'Destinations of one sender: 1,000 messages of 256 B in flight in all',
    grows: 'destinations',
    stepText: short,
    columns: [RATE, CPU, P99, MEMORY],
  },
  payload: {
    title: 'Payload: 4 pairs of twins, each with at most 64 messages and 4 MiB in flight',
    grows: 'payload',
    stepText: bytesText,
    columns: [RATE, { title: 'payload a second, MiB', of: ({ rate }, bytes) => (rate * bytes) / 2 ** 20 }, CPU, MEMORY],
  },
  stored: {
    title: 'Stored messages of 256 B in a mailbox, until its twin connects and receives them',
    grows: 'messages in a mailbox',
    stepText: short,
    columns: [
      { ...RATE, title: 'drained a second, including the connection' },
      { title: 'from dialling to the last message, ms', of: ({ rate }, stored) => (stored / rate) * 1000 },
      { ...CPU, title: 'processor time a message, in and out, µs' },
      MEMORY,
    ],
  },
};

/** Returns the page GROWTH.md; the same record gives the same text. */
export function growthPage(growth: Growth): string {
  const sections = AXES.flatMap((name) => {
    const record = growth[name];
    return record === undefined
      ? []
      : [`## ${LAYOUTS[name].title}\n\n${axisTable(name, record)}\n\n${place(record.machine)}`];
  });
  const head =
    '# Growth\n\nWritten by `npm run bench:growth`. Medians of the runs; the bare worker in brackets where it was measured.';
  return `${[head, ...sections].join('\n\n')}\n`;
}

function axisTable(name: AxisName, { points }: AxisRecord): string {
  const { grows, stepText, columns } = LAYOUTS[name];
  const median = (runs: readonly Measure[], step: number, { of }: Column) =>
    spreadOf(runs, (measure) => of(measure, step))?.median;
  const lines = points.map(({ step, ours, bare }) => [
    stepText(step),
    ...columns.map((column) => {
      const [relay, yardstick] = [median(ours, step, column), median(bare, step, column)];
      if (relay === undefined) return '';
      return yardstick === undefined ? short(relay) : `${short(relay)} (${short(yardstick)})`;
    }),
  ]);
  return markdown([grows, ...columns.map(({ title }) => title)], lines);
}
