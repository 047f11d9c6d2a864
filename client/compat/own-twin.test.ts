import { describe, expect, it } from 'vitest';
import type { KnownTwin } from '../directory/known-twin.ts';
import { missingOnChain, relaysOf } from './own-twin.ts';

const relay = new URL('wss://relay.example/');
const pk = new Uint8Array(33).fill(2);
const twin = (onChain: string | null, key: Uint8Array | undefined): KnownTwin => ({
  id: 7,
  account: new Uint8Array(32),
  relay: onChain,
  key: key === undefined ? { kind: 'absent' } : { kind: 'valid', bytes: key },
});

describe('missingOnChain', () => {
  it('leaves a twin alone that has a key and any relay', () => {
    expect(missingOnChain(twin('other.example_third.example', pk), relay, pk)).toBeUndefined();
  });

  it.each([
    ['no relay', twin(null, pk), 'relay.example'],
    ['an empty relay', twin('', pk), 'relay.example'],
    ['no key', twin('other.example', undefined), 'other.example'],
    ['nothing', twin(null, undefined), 'relay.example'],
  ])('completes a twin that has %s', (_, known, expected) => {
    expect(missingOnChain(known, relay, pk)).toEqual({ relay: expected, pk });
  });

  it('refuses a twin whose key on chain is another one', () => {
    const other = twin('relay.example', new Uint8Array(33).fill(3));
    expect(() => missingOnChain(other, relay, pk)).toThrow(/^twin 7 has another encryption key on chain/);
  });
});

describe('relaysOf', () => {
  it('adds the relays on chain to the given one, each once, with its scheme', () => {
    expect(relaysOf(relay, 'b.example_wss://Relay.example/_c.example')).toEqual([
      'wss://relay.example/',
      'wss://b.example',
      'wss://c.example',
    ]);
  });

  it('names at most four', () => {
    expect(relaysOf(relay, 'a.example_b.example_c.example_d.example')).toHaveLength(4);
  });
});
