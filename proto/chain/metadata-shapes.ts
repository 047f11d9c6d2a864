import { decAnyMetadata, type UnifiedMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings';
import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';
import type { EventTable, Shape, ShapeId } from './event-table.ts';

const PALLET = 'TfgridModule';

type Definition = UnifiedMetadata['lookup'][number]['def'];

const PRIMITIVE_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  char: 4,
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  u128: 16,
  u256: 32,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  i128: 16,
  i256: 32,
};

/** Why metadata cannot be used. `tableOf` catches it. */
class MetadataFault extends Error {
  override readonly name: string = 'MetadataFault';
}

/** It is metadata of a chain without twins. */
class NoTwins extends MetadataFault {
  override readonly name = 'NoTwins';
}

/** Why there is no table: the metadata cannot be read, or the chain has no twins. */
export interface NoTable {
  readonly fault: string;
  readonly isTfchain: boolean;
}

/** Collects the shapes of types, each once. A type with a fixed size is a number. */
class ShapeCollector {
  readonly shapes: Shape[] = [];
  readonly #metadata: UnifiedMetadata;
  readonly #ids = new Map<number, ShapeId>();

  constructor(metadata: UnifiedMetadata) {
    this.#metadata = metadata;
  }

  definition(type: number): Definition {
    const found = this.#metadata.lookup[type];
    if (found === undefined || found.id !== type) throw new MetadataFault(`it has no type ${type}`);
    return found.def;
  }

  /** Returns the shape's id. It is reserved before the parts are collected, because types of XCM contain themselves. */
  collect(type: number): ShapeId {
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    const id = this.shapes.length;
    this.#ids.set(type, id);
    // Until then the type must not count as one of fixed size.
    this.shapes.push({ all: [] });
    const shape = this.#shape(this.definition(type));
    if (typeof shape === 'number' && !Number.isSafeInteger(shape)) {
      throw new MetadataFault(`it has a type of ${shape} bytes`);
    }
    this.shapes[id] = shape;
    return id;
  }

  #shape(definition: Definition): Shape {
    switch (definition.tag) {
      case 'primitive': {
        const { tag } = definition.value;
        if (tag === 'str') return { many: this.#bytes() };
        const size = PRIMITIVE_BYTES[tag];
        if (size === undefined) throw new MetadataFault(`it has a primitive ${tag}`);
        return size;
      }
      case 'compact':
        return 'compact';
      case 'sequence':
        return { many: this.collect(definition.value) };
      case 'array': {
        // Its element is not collected: the element may contain this array, and would have no fixed size.
        if (definition.value.len === 0) return 0;
        const of = this.collect(definition.value.type);
        const size = this.shapes[of];
        return typeof size === 'number' ? size * definition.value.len : { times: definition.value.len, of };
      }
      case 'tuple':
        return this.#together(definition.value);
      case 'composite':
        return this.#together(definition.value.map((field) => field.type));
      case 'variant': {
        const cases = definition.value.map(
          ({ index, fields }) => [String(index), fields.map((field) => this.collect(field.type))] as const,
        );
        return { one: Object.fromEntries(cases) };
      }
      case 'bitSequence': {
        const store = this.shapes[this.collect(definition.value.bitStoreType)];
        if (typeof store !== 'number' || store < 1 || store > 8)
          throw new MetadataFault('it has a bit sequence of no fixed words');
        return { bits: store };
      }
    }
  }

  #together(types: readonly number[]): Shape {
    const all = types.map((type) => this.collect(type));
    let size = 0;
    for (const id of all) {
      const shape = this.shapes[id];
      if (typeof shape !== 'number') return { all };
      size += shape;
    }
    return size;
  }

  #bytes(): ShapeId {
    this.shapes.push(1);
    return this.shapes.length - 1;
  }
}

/** Returns the fields of a composite type, by name. */
function fieldsOf(types: ShapeCollector, type: number): ReadonlyMap<string | undefined, number> {
  const definition = types.definition(type);
  if (definition.tag !== 'composite') throw new MetadataFault(`type ${type} is no composite`);
  return new Map(definition.value.map((field) => [field.name, field.type]));
}

/** Returns the index of an event whose only field starts with a twin's id. */
function twinEvent(types: ShapeCollector, events: number, name: string): number {
  const definition = types.definition(events);
  const found = definition.tag === 'variant' ? definition.value.find((each) => each.name === name) : undefined;
  if (found === undefined) throw new MetadataFault(`${PALLET} has no event ${name}`);
  const [twin] = found.fields;
  const [id] = twin === undefined ? [] : [...fieldsOf(types, twin.type)];
  if (id?.[0] !== 'id' || types.shapes[types.collect(id[1])] !== 4) {
    throw new MetadataFault(`${name} does not begin with a twin's id`);
  }
  return found.index;
}

function build(metadata: UnifiedMetadata): EventTable {
  const types = new ShapeCollector(metadata);
  const stored = metadata.pallets.find(({ name }) => name === 'System')?.storage?.items;
  const events = stored?.find(({ name }) => name === 'Events');
  const list = events?.type.tag === 'plain' ? types.definition(events.type.value) : undefined;
  if (list?.tag !== 'sequence') throw new MetadataFault('System.Events is no list');
  const fields = fieldsOf(types, list.value);
  const [phase, event, topics] = ['phase', 'event', 'topics'].map((name) => fields.get(name));
  if (phase === undefined || event === undefined || topics === undefined || fields.size !== 3) {
    throw new MetadataFault('an event record is not phase, event and topics');
  }
  const pallet = metadata.pallets.find(({ name }) => name === PALLET);
  if (pallet?.events === undefined) throw new NoTwins(`it has no events of ${PALLET}`);
  const record = { phase: types.collect(phase), event: types.collect(event), topics: types.collect(topics) };
  const twins = {
    pallet: pallet.index,
    stored: twinEvent(types, pallet.events.type, 'TwinStored'),
    updated: twinEvent(types, pallet.events.type, 'TwinUpdated'),
  };
  return { shapes: types.shapes, record, twins };
}

/**
 * Returns the table of a runtime's metadata (V14 to V16, as from `state_getMetadata`), or why it has no table. It takes tens
 * of milliseconds, so it is done once for each spec version.
 */
export function tableOf(metadata: Uint8Array): Result<EventTable, NoTable> {
  try {
    // A copy: the library reads a view's whole buffer.
    return ok(build(unifyMetadata(decAnyMetadata(metadata.slice()))));
  } catch (fault) {
    // The library throws plain errors for bytes that are no metadata.
    const text = fault instanceof Error ? fault.message : String(fault);
    return err({ fault: text, isTfchain: !(fault instanceof NoTwins) });
  }
}
