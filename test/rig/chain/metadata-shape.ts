import { Metadata, TypeRegistry } from '@polkadot/types';
import { z } from 'zod';

const fields = z.array(z.object({ name: z.string().nullable(), type: z.number() }));
const variants = z.array(z.object({ name: z.string(), fields }));
const def = z.union([
  z.object({ composite: z.object({ fields }) }),
  z.object({ variant: z.object({ variants }) }),
  z.object({ sequence: z.object({ type: z.number() }) }),
  z.object({ array: z.object({ len: z.number(), type: z.number() }) }),
  z.object({ compact: z.object({ type: z.number() }) }),
  z.object({ tuple: z.array(z.number()) }),
  z.object({ primitive: z.string() }),
  z.object({ bitSequence: z.unknown() }),
]);
const item = z.object({
  name: z.string(),
  modifier: z.string(),
  fallback: z.string(),
  type: z.union([z.object({ plain: z.number() }), z.object({ map: z.record(z.string(), z.unknown()) })]),
});
const pallet = z.object({
  name: z.string(),
  calls: z.object({ type: z.number() }).nullable(),
  events: z.object({ type: z.number() }).nullable(),
  storage: z.object({ items: z.array(item) }).nullable(),
});
const schema = z.object({
  lookup: z.object({ types: z.array(z.object({ type: z.object({ def }) })) }),
  pallets: z.array(pallet),
});

/** The parts of metadata that Rust's subxt compares before it uses a call or a storage item: names, fields and kinds of types. */
export interface MetadataShape {
  call(pallet: string, name: string): unknown;
  event(pallet: string, name: string): unknown;
  storage(pallet: string, name: string): unknown;
}

export function shapeOf(hex: `0x${string}`): MetadataShape {
  const { lookup, pallets } = schema.parse(new Metadata(new TypeRegistry(), hex).asV14.toJSON());
  const palletOf = (name: string) => pallets.find((each) => each.name === name);
  const defOf = (id: number | undefined) => (id === undefined ? undefined : lookup.types[id]?.type.def);
  // A type that was met already is cut short: subxt does so, and which types are one is a part of the shape.
  const shape = (id: number, met: Set<number>): unknown => {
    if (met.has(id)) return 'met';
    met.add(id);
    const found = defOf(id);
    if (found === undefined) throw new Error(`no type ${id}`);
    if ('composite' in found) return fieldShapes(found.composite.fields, met);
    if ('variant' in found) return found.variant.variants.map((each) => [each.name, fieldShapes(each.fields, met)]);
    if ('sequence' in found) return ['sequence', shape(found.sequence.type, met)];
    if ('array' in found) return ['array', found.array.len, shape(found.array.type, met)];
    if ('compact' in found) return ['compact', shape(found.compact.type, met)];
    if ('tuple' in found) return found.tuple.map((each) => shape(each, met));
    return found;
  };
  const fieldShapes = (list: z.infer<typeof fields>, met: Set<number>) =>
    list.map((each) => [each.name, shape(each.type, met)]);
  const variantShape = (id: number | undefined, name: string) => {
    const found = defOf(id);
    if (found === undefined || !('variant' in found)) return undefined;
    const variant = found.variant.variants.find((each) => each.name === name);
    return variant && fieldShapes(variant.fields, new Set());
  };
  return {
    call: (pallet, name) => variantShape(palletOf(pallet)?.calls?.type, name),
    event: (pallet, name) => variantShape(palletOf(pallet)?.events?.type, name),
    storage: (pallet, name) => {
      const found = palletOf(pallet)?.storage?.items.find((each) => each.name === name);
      if (found === undefined) return undefined;
      const { type, modifier, fallback } = found;
      if ('plain' in type) return { modifier, fallback, value: shape(type.plain, new Set()) };
      const { key, value, hashers } = z
        .object({ key: z.number(), value: z.number(), hashers: z.array(z.string()) })
        .parse(type.map);
      const met = new Set<number>();
      return { modifier, fallback, hashers, key: shape(key, met), value: shape(value, met) };
    },
  };
}
