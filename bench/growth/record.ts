import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AXES } from './axes.ts';

/** Where measurements of growth are kept. */
const FILE = join(import.meta.dirname, '..', 'growth.json');

const measureSchema = z.object({
  rate: z.number(),
  p50: z.number().optional(),
  p99: z.number().optional(),
  cpu: z.number().optional(),
  peak: z.number().optional(),
  more: z.record(z.string(), z.number()).optional(),
});
const machineSchema = z.object({
  date: z.string(),
  commit: z.string(),
  processor: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  linux: z.string(),
  node: z.string(),
  workerd: z.string(),
});
const axisSchema = z.object({
  machine: machineSchema,
  points: z.array(z.object({ step: z.number(), ours: z.array(measureSchema).min(1), bare: z.array(measureSchema) })),
});
const growthSchema = z.partialRecord(z.enum(AXES), axisSchema);

/** What was measured of one axis: step by step, run by run, our relay and (not on all axes) the bare worker. */
export type AxisRecord = z.infer<typeof axisSchema>;
/** An axis may have been measured later than another. */
export type Growth = z.infer<typeof growthSchema>;

/** @throws when what is there is not such a record */
export async function readGrowth(): Promise<Growth> {
  return growthSchema.parse(JSON.parse(await readFile(FILE, 'utf8')));
}

/** More digits than the noise of a measurement leaves would only make every run a change of the whole file. */
const DIGITS = 4;

export async function writeGrowth(growth: Growth): Promise<void> {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  await writeFile(FILE, `${JSON.stringify(growth, rounded, 2)}\n`);
}
