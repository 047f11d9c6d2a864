import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../../proto/identity.ts';
import type { Twin } from '../../../proto/twin.ts';
import { twinJson, twinLines } from './twin-lines.ts';

const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
if (!identity.ok) throw new Error(identity.error.detail);
const { account, e2ePublicKey } = identity.value;

const twin = (fields: Partial<Twin> = {}): Twin => ({
  id: 7,
  account,
  relay: 'a.example',
  pk: e2ePublicKey,
  ...fields,
});
const lines = (fields?: Partial<Twin>) => twinLines(twin(fields)).map(stripVTControlCharacters);

describe('twinLines', () => {
  it('shows account, relays and key', () => {
    const { account: address, pk } = twinJson(twin());
    expect(lines()).toEqual(['twin 7', `account  ${address}`, 'relays   a.example', `key      ${pk}`]);
  });

  it('warns of a twin without a relay, and without a key', () => {
    const [, , relays, key] = lines({ relay: null, pk: null });
    expect(relays).toBe('relays   none: no twin can reach it');
    expect(key).toBe('key      none: messages to it are signed, not encrypted');
  });

  it('names a key that nobody can encrypt with', () => {
    expect(lines({ pk: Uint8Array.of(1, 2) })[3]).toMatch(/^key {6}0x0102\n {9}the key of twin 7 on chain is no/);
  });

  it('shows the text on chain where it is no plain list of relays', () => {
    expect(lines({ relay: 'a.example_b.example' })[2]).toBe('relays   a.example b.example');
    expect(lines({ relay: 'a.example_?' })[2]).toContain('(on chain: a.example_?)');
  });

  it('writes no control character of the twin', () => {
    const text = twinLines(twin({ relay: 'a.example_\u001b[2J\r\nrelays   forged.example' })).join('');
    for (const each of ['\u001b[2J', '\r', '\n']) expect(text).not.toContain(each);
  });
});

describe('twinJson', () => {
  it.each([
    [e2ePublicKey, 'valid'],
    [Uint8Array.of(1, 2), 'broken'],
    [null, 'absent'],
  ] as const)('judges the key on chain (%#)', (pk, kind) => {
    const expected = {
      id: 7,
      publicKey: `0x${Buffer.from(account).toString('hex')}`,
      relays: ['a.example'],
      key: kind,
    };
    expect(twinJson(twin({ pk }))).toMatchObject(expected);
  });
});
