import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { metadata as codec, decAnyMetadata, type V14 } from '@polkadot-api/substrate-bindings';
import { buildMetadata } from '../../../tools/dev-chain/metadata/metadata.ts';

/** The definition of a type of a chain. */
export type Definition = V14['lookup'][number]['def'];

/**
 * The dev chain's metadata, but of a twin there is nothing after the id, or a value of the first of some types of our
 * own: what a node may send that means ill.
 * @param types told which id the first of them has
 */
export function oddMetadata(types: (first: number) => readonly Definition[] = () => []): Uint8Array {
  const decoded = decAnyMetadata(hexToBytes(buildMetadata().slice(2)));
  if (decoded.metadata.tag !== 'v14') throw new Error('the dev chain has metadata of another version');
  const { value } = decoded.metadata;
  const first = value.lookup.length;
  const more = types(first).map((def, n) => ({ id: first + n, path: [], params: [], docs: [], def }));
  const lookup = value.lookup.map((type) => {
    if (type.path.at(-1) !== 'Twin' || type.def.tag !== 'composite') return type;
    const fields = type.def.value.slice(0, 1);
    for (const { id } of more.slice(0, 1)) fields.push({ name: 'odd', type: id, typeName: undefined, docs: [] });
    return { ...type, def: { ...type.def, value: fields } };
  });
  return codec.enc({ ...decoded, metadata: { tag: 'v14', value: { ...value, lookup: [...lookup, ...more] } } });
}

/** SCALE of a block in which so many twins were updated, of each of which there is the id alone, 7. */
export function oddEvents(count: number): Uint8Array {
  // Phase, pallet, event, id, no topics.
  const record = new Uint8Array([2, 25, 12, 7, 0, 0, 0, 0]);
  const scale = new Uint8Array(4 + count * record.length);
  new DataView(scale.buffer).setUint32(0, count * 4 + 2, true);
  for (let n = 0; n < count; n += 1) scale.set(record, 4 + n * record.length);
  return scale;
}

/** Bytes as a node gives them. */
export function hexOf(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
