import { z } from 'zod';

/** A type by its place in the table. */
export type ShapeId = number;

/** How many bytes a value takes: so many, or what its own bytes say. */
export type Shape =
  /** Fixed: so many bytes. */
  | number
  | 'compact'
  /** One after the other. */
  | { readonly all: readonly ShapeId[] }
  /** A byte that says which, then its fields. */
  | { readonly one: Readonly<Record<string, readonly ShapeId[]>> }
  /** A length, then so many. */
  | { readonly many: ShapeId }
  /** So many, without a length. */
  | { readonly times: number; readonly of: ShapeId }
  /** A number of bits, then words of so many bytes. */
  | { readonly bits: number };

/**
 * What is needed of a runtime's metadata to find twins among a block's events: the shapes of all that can stand in
 * `System.Events`. A few KiB of JSON, where the metadata takes hundreds and is slow to parse.
 */
export interface EventTable {
  readonly shapes: readonly Shape[];
  /** The parts of one event record, in order. */
  readonly record: { readonly phase: ShapeId; readonly event: ShapeId; readonly topics: ShapeId };
  /** Which bytes say that a twin follows: the pallet's, and the event's within it. */
  readonly twins: { readonly pallet: number; readonly stored: number; readonly updated: number };
}

const whole = z.number().int().nonnegative();
const ids = z.array(whole);
const schema = z.object({
  shapes: z.array(
    z.union([
      whole,
      z.literal('compact'),
      z.strictObject({ all: ids }),
      z.strictObject({ one: z.record(z.string(), ids) }),
      z.strictObject({ many: whole }),
      z.strictObject({ times: whole, of: whole }),
      z.strictObject({ bits: z.number().int().min(1).max(8) }),
    ]),
  ),
  record: z.object({ phase: whole, event: whole, topics: whole }),
  twins: z.object({ pallet: whole, stored: whole, updated: whole }),
});

/** Reads a table that was kept as JSON; undefined where it is none. */
export function parseTable(text: string): EventTable | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: as if nothing had been kept
  }
}
