import { describe, expect, it } from 'vitest';
import type { Envelope } from './envelope-codec.ts';
import { checkPlausible, implausibleText } from './plausible.ts';

const NOW = 1_795_984_160;

function verdict(fields: Partial<Envelope>): string {
  const envelope: Envelope = {
    uid: '8f1c9f6e-3f0a-4b52-9d55-0f6f1a0b7c11',
    timestamp: BigInt(NOW),
    expiration: 300n,
    source: { twin: 17 },
    destination: { twin: 29 },
    content: { kind: 'request', command: 'zos.statistics.get' },
    relays: [],
    ...fields,
  };
  const checked = checkPlausible(envelope, NOW);
  return checked.ok ? 'plausible' : checked.error.field;
}

describe('an envelope is plausible', () => {
  it.each<[string, Partial<Envelope>]>([
    ['with the shortest fields', { uid: '' }],
    ['at the bounds', { timestamp: BigInt(NOW + 300), expiration: 86_400n, uid: 'u'.repeat(256) }],
    ['with sids as uuids', { source: { twin: 17, connection: 'b6a2c3f0-0000-4000-8000-000000000001' } }],
    ['with empty sids', { source: { twin: 17, connection: '' }, destination: { twin: 29, connection: '' } }],
    ['with a schema', { schema: 'application/json; charset=utf-8' }],
    ['with the relays of a Go peer', { relays: ['localhost:8081'], federation: 'relay.grid.tf_relay.02.grid.tf' }],
    ['with the relays of an npm client', { relays: ['ws:/localhost:8787', ''], federation: '' }],
    ['with relays as URLs', { relays: ['wss://relay.grid.tf:443', 'wss://relay.grid.tf/', '[2001:db8::1]:8080'] }],
    ['with eight relays', { relays: Array.from({ length: 8 }, (_, n) => `relay-${n}.example`) }],
  ])('%s', (_, fields) => {
    expect(verdict(fields)).toBe('plausible');
  });
});

describe('an envelope is implausible', () => {
  it.each<[string, Partial<Envelope>, string]>([
    ['from the future', { timestamp: BigInt(NOW + 301) }, 'timestamp'],
    ['with timestamp and expiration merged', { timestamp: 17_959_841_603n, expiration: 0n }, 'timestamp'],
    ['with a life of more than a day', { expiration: 86_401n }, 'expiration'],
    ['with the largest numbers', { timestamp: 0n, expiration: 2n ** 64n - 1n }, 'expiration'],
    ['with a long uid', { uid: 'u'.repeat(257) }, 'uid'],
    ['with a line break in the uid', { uid: 'a\nb' }, 'uid'],
    ['with a C1 control in the uid', { uid: 'a\u009bb' }, 'uid'],
    ['with a long sid', { destination: { twin: 29, connection: 's'.repeat(257) } }, 'sid'],
    ['with NUL in a sid', { source: { twin: 17, connection: '\u0000' } }, 'sid'],
    ['with long tags', { tags: 't'.repeat(1025) }, 'tags'],
    ['with JSON in the schema', { schema: '{"a":1}' }, 'schema'],
    ['with a long schema', { schema: 's'.repeat(129) }, 'schema'],
    ['with text beyond ASCII in the schema', { schema: 'größe' }, 'schema'],
    ['with JSON in federation', { federation: '"hello"' }, 'federation'],
    ['with nine relays in federation', { federation: Array.from({ length: 9 }, () => 'r').join('_') }, 'federation'],
    ['with nine relays', { relays: Array.from({ length: 9 }, () => '') }, 'relays'],
    ['with a payload in a relay', { relays: ['{"amount":5}'] }, 'relays'],
    ['with spaces in a relay', { relays: ['relay one'] }, 'relays'],
    ['with a long relay', { relays: [`${'r'.repeat(261)}`] }, 'relays'],
    ['with a user in a relay', { relays: ['user@relay.example'] }, 'relays'],
  ])('%s', (_, fields, field) => {
    expect(verdict(fields)).toBe(field);
  });

  it('says what is wrong, for people', () => {
    expect(implausibleText({ reason: 'implausible', field: 'timestamp' })).toBe(
      "implausible envelope: its timestamp is more than 300 s in the future: check the sender's clock",
    );
  });
});
