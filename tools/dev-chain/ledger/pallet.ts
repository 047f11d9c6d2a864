/** The parts of a pallet beside its storage, each by its type. */
interface PalletParts {
  readonly calls?: number;
  readonly events?: number;
  readonly errors?: number;
  readonly constants?: readonly { name: string; type: number; value: string; docs: readonly string[] }[];
}

/** A pallet in the form of V14 metadata. */
export function pallet(name: string, index: number, items: readonly object[], parts: PalletParts = {}) {
  const of = (type: number | undefined) => (type === undefined ? null : { type });
  const { calls, events, errors, constants = [] } = parts;
  const storage = { prefix: name, items };
  return { name, index, storage, calls: of(calls), events: of(events), errors: of(errors), constants };
}

/** A single value in storage. */
export function plain(name: string, type: number, fallback: string) {
  return { name, modifier: 'Default', type: { Plain: type }, fallback, docs: [] };
}

/** Values in storage by key, hashed as tfchain does. */
export function map(name: string, key: number, value: number, modifier: 'Default' | 'Optional', fallback: string) {
  return { name, modifier, type: { Map: { hashers: ['Blake2_128Concat'], key, value } }, fallback, docs: [] };
}
