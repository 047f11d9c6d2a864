import { expect, it } from 'vitest';
import { isKeyOnChain } from './own-key.ts';

const twin = {
  id: 7,
  account: new Uint8Array(32),
  relay: null,
  key: { kind: 'valid' as const, bytes: new Uint8Array([2, 1]) },
};
const directory = (get: () => Promise<typeof twin | undefined>) => ({ get, refresh: get });

it.each([
  ['is the own key', true, async () => twin, [2, 1]],
  ['is another', false, async () => twin, [2, 2]],
  ['is of a twin that does not exist', false, async () => undefined, [2, 1]],
  // An outage of the chain must not let a payload leave in plain text.
  ['cannot be looked up', true, () => Promise.reject(new Error('the chain is out of reach')), [2, 1]],
])('a key that %s counts as on chain: %s', async (_, expected, get, pk) => {
  expect(await isKeyOnChain(directory(get), 7, new Uint8Array(pk))).toBe(expected);
});
