import { secp256k1 } from '@noble/curves/secp256k1.js';
import { expect, it } from 'vitest';
import { ownFault } from './own-record.ts';

const pk = secp256k1.Point.BASE.toBytes(true);
const other = secp256k1.Point.BASE.double().toBytes(true);
const relays = [new URL('wss://a.example'), new URL('ws://b.example:8080')];
const twin = { id: 7, account: new Uint8Array(32), relay: 'a.example_b.example:8080', pk };

it.each([
  ['both relays and the key', {}],
  ['one of two relays', { relay: 'x.example_wss://B.example:8080/' }],
])('finds nothing wrong with %s', (_, fields) => {
  expect(ownFault({ ...twin, ...fields }, { relays, pk })).toBeUndefined();
});

it.each<[string, object, RegExp]>([
  ['no relay', { relay: null }, /^twin 7 has no relay on chain, expected a.example, b.example:8080: others/],
  ['another relay', { relay: 'x.example' }, /^twin 7 has relay x.example on chain, expected a.example, b/],
  ['no key', { pk: null }, /^twin 7 has no key on chain/],
  ['another key', { pk: other }, /^the key of twin 7 on chain is not the key of this peer/],
  ['a broken key', { pk: new Uint8Array(33) }, /^the key of twin 7 on chain is no secp256k1 public key/],
  ['both wrong', { relay: 'x.example', pk: other }, /expected a.example.*; the key of twin 7 on chain is not/],
])('names %s', (_, fields, words) => {
  expect(ownFault({ ...twin, ...fields }, { relays, pk })).toMatch(words);
});
