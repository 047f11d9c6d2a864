import { place } from '../table.ts';
import { AXES, type AxisName } from './axes.ts';
import { svg } from './chart.ts';
import { PICTURES, panelsOf } from './panels.ts';
import type { Growth } from './record.ts';

/** What was measured as pictures, by the file's name in docs/; the same record gives the same text. */
export function drawings(growth: Growth): Map<string, string> {
  return new Map(
    AXES.flatMap((name: AxisName): [string, string][] => {
      const record = growth[name];
      if (record === undefined) return [];
      const { figures, ...picture } = PICTURES[name];
      const chart = { ...picture, foot: place(record.machine), panels: panelsOf(figures, record) };
      return [[`growth-${name}.svg`, svg(chart)]];
    }),
  );
}
