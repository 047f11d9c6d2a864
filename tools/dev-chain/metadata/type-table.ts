/** A type definition in the form of V14 metadata. */
export type TypeDef =
  | { readonly Primitive: string }
  | { readonly Composite: { readonly fields: readonly Field[] } }
  | { readonly Variant: { readonly variants: readonly Variant[] } }
  | { readonly Sequence: { readonly type: number } }
  | { readonly Array: { readonly len: number; readonly type: number } }
  | { readonly Tuple: readonly number[] }
  | { readonly Compact: { readonly type: number } };

export interface Field {
  readonly name: string | null;
  readonly type: number;
  readonly typeName: string | null;
  readonly docs: readonly string[];
}

export interface Variant {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
  readonly docs: readonly string[];
}

interface TypeParam {
  readonly name: string;
  readonly type: number;
}

interface PortableType {
  readonly id: number;
  readonly type: { path: readonly string[]; params: readonly TypeParam[]; def: TypeDef; docs: readonly string[] };
}

/** A field of a composite or variant; `null` for one without a name. */
export function field(name: string | null, type: number): Field {
  return { name, type, typeName: null, docs: [] };
}

/** A variant with its index on the network. */
export function variant(index: number, name: string, fields: readonly Field[] = []): Variant {
  return { name, index, fields, docs: [] };
}

/**
 * The types of a chain's metadata, each once. A type's id is its place in the list, which clients rely on, so the place
 * is reserved before the types of its parts are added.
 */
export class TypeTable {
  readonly #ids = new Map<string, number>();
  readonly #types: PortableType[] = [];

  /** Returns all types in the order of their ids. */
  list(): readonly PortableType[] {
    return this.#types;
  }

  /** Returns the id of a type under a key of this table; adds the type at the first call. */
  put(
    key: string,
    make: () => TypeDef,
    path: readonly string[] = [],
    params: () => readonly TypeParam[] = () => [],
  ): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#types.length;
    this.#ids.set(key, id);
    const type: PortableType['type'] = { path, params: [], def: { Tuple: [] }, docs: [] };
    this.#types.push({ id, type });
    type.def = make();
    type.params = params();
    return id;
  }

  primitive(name: 'Bool' | 'Str' | 'U8' | 'U16' | 'U32' | 'U64' | 'U128'): number {
    return this.put(name, () => ({ Primitive: name }));
  }

  composite(path: string, fields: () => readonly Field[]): number {
    return this.put(path, () => ({ Composite: { fields: fields() } }), path.split('::'));
  }

  variants(path: string, variants: () => readonly Variant[]): number {
    return this.put(path, () => ({ Variant: { variants: variants() } }), path.split('::'));
  }

  sequence(type: number): number {
    return this.put(`Vec<${type}>`, () => ({ Sequence: { type } }));
  }

  array(len: number): number {
    return this.put(`[u8; ${len}]`, () => ({ Array: { len, type: this.primitive('U8') } }));
  }

  compact(type: number): number {
    return this.put(`Compact<${type}>`, () => ({ Compact: { type } }));
  }

  tuple(types: readonly number[]): number {
    return this.put(`(${types})`, () => ({ Tuple: types }));
  }

  option(type: number): number {
    const some = () => ({ Variant: { variants: [variant(0, 'None'), variant(1, 'Some', [field(null, type)])] } });
    return this.put(`Option<${type}>`, some, ['Option'], () => [{ name: 'T', type }]);
  }
}
