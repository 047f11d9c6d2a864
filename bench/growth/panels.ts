import { spreadOf } from '../judge.ts';
import type { Measure } from '../measure.ts';
import type { AxisName } from './axes.ts';
import type { Panel } from './chart.ts';
import { bytesText, short } from './quantity.ts';
import type { AxisRecord } from './record.ts';

/** One curve of a picture: what is read off a measurement, and how it is drawn. */
interface Figure {
  readonly title: string;
  readonly scale: Panel['scale'];
  of(measure: Measure, step: number): number | undefined;
}

const RATE: Figure = { title: 'messages a second', scale: 'linear', of: ({ rate }) => rate };
const CPU: Figure = { title: 'processor time a message, µs', scale: 'linear', of: ({ cpu }) => cpu };
const MEMORY: Figure = { title: 'memory of the relay at most, MB', scale: 'linear', of: ({ peak }) => peak };
const P99: Figure = { title: '99 % are under way for at most, ms', scale: 'linear', of: ({ p99 }) => p99 };

/** A picture of an axis. */
export interface Picture {
  readonly title: string;
  /** What stands below its panels. */
  readonly grows: string;
  readonly stepText: (step: number) => string;
  readonly figures: readonly Figure[];
}

export const PICTURES: Readonly<Record<AxisName, Picture>> = {
  twins: {
    title: 'Connected twins: half of them send to the other half, 1,000 messages of 256 B under way in all',
    grows: 'connected twins',
    stepText: short,
    figures: [RATE, CPU, P99, MEMORY],
  },
  destinations: {
    title: 'Destinations of one sender: 1,000 messages of 256 B under way in all',
    grows: 'destinations',
    stepText: short,
    figures: [RATE, CPU, P99, MEMORY],
  },
  payload: {
    title: 'Payload: 4 pairs of twins, each with at most 64 messages and 4 MiB under way',
    grows: 'payload of a message',
    stepText: bytesText,
    figures: [
      { ...RATE, scale: 'log' },
      { title: 'payload a second, MiB', scale: 'linear', of: ({ rate }, bytes) => (rate * bytes) / 2 ** 20 },
      { ...CPU, scale: 'log' },
      MEMORY,
    ],
  },
  stored: {
    title: 'Stored messages of 256 B in a mailbox, until its twin connects and is given them',
    grows: 'messages in a mailbox',
    stepText: short,
    figures: [
      { ...RATE, title: 'handed out a second, the connection with it', scale: 'log' },
      {
        title: 'from dialling to the last message, ms',
        scale: 'log',
        of: ({ rate }, stored) => (stored / rate) * 1000,
      },
      { ...CPU, title: 'processor time a message, in and out, µs', scale: 'log' },
      MEMORY,
    ],
  },
};

/** The panels of a picture, filled with what was measured. */
export function panelsOf(figures: readonly Figure[], { points }: AxisRecord): Panel[] {
  return figures.map(({ title, scale, of }) => ({
    title,
    scale,
    series: (['ours', 'bare'] as const).map((name) => ({
      name,
      points: points.flatMap(({ step, ...runs }) => {
        const value = spreadOf(runs[name], (measure) => of(measure, step));
        return value === undefined ? [] : [{ step, ...value }];
      }),
    })),
  }));
}
