import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';
import type { EventTable, Shape, ShapeId } from './event-table.ts';
import { ScaleFault, ScaleReader } from './scale-reader.ts';

/** Types may contain themselves. No runtime nests values deeper than this. */
const MAX_DEPTH = 64;

/** A twin that an event stored or updated. */
export interface TwinEvent {
  readonly id: number;
  readonly kind: 'stored' | 'updated';
  /** The whole twin as SCALE. It is a view, which keeps the block's events in memory. */
  readonly twin: Uint8Array;
}

/** Skips values of the table's types. A value without a fixed size takes at least a byte, so all loops end. */
class Walk {
  readonly #shapes: readonly Shape[];
  readonly reader: ScaleReader;

  constructor(shapes: readonly Shape[], reader: ScaleReader) {
    this.#shapes = shapes;
    this.reader = reader;
  }

  shape(id: ShapeId | undefined): Shape {
    const shape = id === undefined ? undefined : this.#shapes[id];
    if (shape === undefined) throw new ScaleFault('a type that the table does not have');
    return shape;
  }

  past(id: ShapeId, depth = 0): void {
    if (depth > MAX_DEPTH) throw new ScaleFault(`a value of over ${MAX_DEPTH} levels`);
    const shape = this.shape(id);
    const { reader } = this;
    if (typeof shape === 'number') reader.skip(shape);
    else if (shape === 'compact') reader.skipCompact();
    else if ('all' in shape) this.pastAll(shape.all, depth);
    else if ('one' in shape) this.pastAll(this.fields(shape), depth);
    else if ('bits' in shape) reader.skip(Math.ceil(reader.length() / (shape.bits * 8)) * shape.bits);
    else if ('times' in shape) this.#pastMany(shape.times, shape.of, depth);
    else this.#pastMany(reader.length(), shape.many, depth);
  }

  pastAll(ids: readonly ShapeId[], depth = 0): void {
    for (const each of ids) this.past(each, depth + 1);
  }

  /** Reads which variant it is. Returns its fields. */
  fields(shape: Shape, index = this.reader.u8()): readonly ShapeId[] {
    const fields = typeof shape === 'object' && 'one' in shape ? shape.one[index] : undefined;
    if (fields === undefined) throw new ScaleFault(`variant ${index} of a type without it`);
    return fields;
  }

  #pastMany(length: number, id: ShapeId, depth: number): void {
    const shape = this.shape(id);
    if (typeof shape === 'number') {
      this.reader.skip(length * shape);
      return;
    }
    if (length > this.reader.left) throw new ScaleFault(`${length} values in ${this.reader.left} bytes`);
    for (let left = length; left > 0; left -= 1) this.past(id, depth + 1);
  }
}

function readRecord(walk: Walk, { record, twins }: EventTable): TwinEvent | undefined {
  const { reader } = walk;
  walk.past(record.phase);
  const pallet = reader.u8();
  const inner = walk.fields(walk.shape(record.event), pallet);
  let found: TwinEvent | undefined;
  if (pallet === twins.pallet) {
    const event = reader.u8();
    const fields = walk.fields(walk.shape(inner[0]), event);
    const start = reader.at;
    if (event === twins.stored || event === twins.updated) {
      const id = reader.peekU32();
      walk.pastAll(fields);
      found = { id, kind: event === twins.stored ? 'stored' : 'updated', twin: reader.since(start) };
    } else {
      walk.pastAll(fields);
    }
  } else {
    walk.pastAll(inner);
  }
  walk.past(record.topics);
  return found;
}

/**
 * Returns the twins that a block's events (SCALE of `System.Events`) stored or updated, in order. Never throws: bytes that
 * do not fit the table exactly are refused with a reason.
 */
export function twinEvents(table: EventTable, scale: Uint8Array): Result<TwinEvent[], string> {
  const reader = new ScaleReader(scale);
  const walk = new Walk(table.shapes, reader);
  try {
    const found: TwinEvent[] = [];
    for (let left = reader.length(); left > 0; left -= 1) {
      const event = readRecord(walk, table);
      if (event !== undefined) found.push(event);
    }
    reader.end();
    return ok(found);
  } catch (fault) {
    if (fault instanceof ScaleFault) return err(fault.message);
    throw fault;
  }
}
