import { z } from 'zod';

/** A type, by its index in the table. */
export type ShapeId = number;

/** How many bytes a value takes: a fixed number, or what its own bytes say. */
export type Shape =
  /** A fixed number of bytes. */
  | number
  | 'compact'
  /** Fields one after the other. */
  | { readonly all: readonly ShapeId[] }
  /** A byte for the variant, then its fields. */
  | { readonly one: Readonly<Record<string, readonly ShapeId[]>> }
  /** A length, then so many values. */
  | { readonly many: ShapeId }
  /** A fixed number of values, without a length. */
  | { readonly times: number; readonly of: ShapeId }
  /** A number of bits, then words of so many bytes. */
  | { readonly bits: number };

/**
 * The part of a runtime's metadata that finds twins in a block's events: the shapes of all types in `System.Events`. It is
 * a few KiB of JSON, while metadata is hundreds and slow to parse.
 */
export interface EventTable {
  readonly shapes: readonly Shape[];
  /** The parts of one event record, in order. */
  readonly record: { readonly phase: ShapeId; readonly event: ShapeId; readonly topics: ShapeId };
  /** The bytes before a twin: the pallet's index, and the event's index within it. */
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

/** Parses a table from JSON; undefined if it is invalid. */
export function parseTable(text: string): EventTable | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not JSON: the same as no table.
  }
}
