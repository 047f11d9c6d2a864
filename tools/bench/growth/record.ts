import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AXES } from './axes.ts';

/** The record of measurements. */
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

/** The measurements of one axis by step and run: the relay and, on some axes, the bare worker. */
export type AxisRecord = z.infer<typeof axisSchema>;
/** All axes; each may have been measured at another time. */
export type Growth = z.infer<typeof growthSchema>;

/** Reads the record. Rejects when its form is invalid. */
export async function readGrowth(): Promise<Growth> {
  return growthSchema.parse(JSON.parse(await readFile(FILE, 'utf8')));
}

/** More digits would only be noise. */
const DIGITS = 4;

export async function writeGrowth(growth: Growth): Promise<void> {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  await writeFile(FILE, `${JSON.stringify(growth, rounded, 2)}\n`);
}
