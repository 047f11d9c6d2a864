import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { metadata as codec, decAnyMetadata, type V14 } from '@polkadot-api/substrate-bindings';
import { buildMetadata } from '../../dev-chain/metadata.ts';

/** What a type of a chain is. */
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

/** The same as a node gives it. */
export function hexOf(metadata: Uint8Array): string {
  return `0x${bytesToHex(metadata)}`;
}
