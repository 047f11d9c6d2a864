import { expect, it } from 'vitest';
import { judgeTwin, type TwinSeen } from './twin-verdict.ts';

const pk = new Uint8Array(33).fill(2);
const twin = { id: 7, account: new Uint8Array(32), relay: 'a.example', pk };
const well: TwinSeen = {
  twin,
  pk,
  relays: [new URL('wss://a.example')],
  update: true,
  keepRelays: false,
  free: 0n,
};
const other = new Uint8Array(33).fill(3);
const broken = new Uint8Array(32).fill(3);

it.each<[string, Partial<TwinSeen>, string[]]>([
  ['as it should be, and no funds needed', {}, []],
  ['another relay, and funds', { twin: { ...twin, relay: 'b.example' }, free: 100_000n }, ['warn relays']],
  ['another relay, and no funds', { twin: { ...twin, relay: 'b.example' } }, ['warn relays', 'fail balance']],
  ['no relay, and no update', { twin: { ...twin, relay: null }, update: false }, ['fail relays', 'skipped balance']],
  [
    'one more relay on chain, which the peer takes away',
    { twin: { ...twin, relay: 'a.example_b.example' }, free: 100_000n },
    ['warn relays'],
  ],
  ['one more relay on chain, kept', { twin: { ...twin, relay: 'b.example_a.example' }, keepRelays: true }, []],
  [
    'one more relay on chain, without us',
    { twin: { ...twin, relay: 'a.example_b.example' }, update: false },
    ['warn relays', 'skipped balance'],
  ],
  ['another key', { twin: { ...twin, pk: other }, free: 100_000n }, ['warn key']],
  ['another key, and no update', { twin: { ...twin, pk: other }, update: false }, ['fail key', 'skipped balance']],
  ['a broken key', { twin: { ...twin, pk: broken }, free: 100_000n }, ['warn key']],
  ['a broken key, and no update', { twin: { ...twin, pk: broken }, update: false }, ['fail key', 'skipped balance']],
  ['no key, and no update', { twin: { ...twin, pk: null }, update: false }, ['warn key', 'skipped balance']],
  ['a balance that is not known', { free: 'no answer within 2 s' }, ['skipped balance']],
])('judgeTwin: %s', (_, seen, expected) => {
  const bad = judgeTwin({ ...well, ...seen }).filter(({ state }) => state !== 'ok');
  expect(bad.map(({ state, what }) => `${state} ${what}`)).toEqual(expected);
});

it('names a key that is no point of the curve', () => {
  const [line] = judgeTwin({ ...well, twin: { ...twin, pk: broken } }).filter(({ what }) => what === 'key');
  expect(line?.detail).toMatch(/^the key on chain is no secp256k1 public key/);
});
