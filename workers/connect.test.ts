import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../durable-objects/contract.ts';
import { PORTABLE } from '../proto/crypto/portable.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { mintToken } from '../proto/token/token.ts';
import { checkUpgrade, objectRefusal } from './connect.ts';
import { statusOf } from './refusal.ts';

const NOW = 1_800_000_000;

async function identity(byte: string): Promise<Identity> {
  const made = await identityOf(`0x${byte.repeat(32)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

function found({ account }: Identity): TwinLookup {
  return { found: { id: 1, account, relay: null, pk: null } };
}

/** Connects twin 1 with a token of `signer`. `remembered` is what the relay knows, `onChain` what the chain says. */
async function connect(signer: Identity, remembered: TwinLookup | undefined, onChain: TwinLookup) {
  const token = await mintToken({ twin: 1, now: NOW, ttl: 60 }, signer);
  const headers = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  let asked = 0;
  const checked = await checkUpgrade(new Request(`http://relay.example/?${token}`, { headers }), {
    names: [],
    recall: () => remembered,
    lookup: async () => {
      asked += 1;
      return onChain;
    },
    now: () => NOW,
    verify: PORTABLE.verify,
  });
  return { checked: checked.ok ? 'open' : checked.error.code, asked };
}

describe('the capabilities of a token', () => {
  it.each([
    [['custody.1'], true],
    [['other.2', 'custody.1'], true],
    [['custody.2', 'custody'], undefined],
    [undefined, undefined],
  ])('%j offer custody: %s', async (cap, offersCustody) => {
    const twin = await identity('11');
    const token = await mintToken({ twin: 1, now: NOW, ttl: 60, ...(cap && { cap }) }, twin);
    const headers = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const checked = await checkUpgrade(new Request(`http://relay.example/?${token}`, { headers }), {
      names: [],
      recall: () => found(twin),
      lookup: async () => found(twin),
      now: () => NOW,
      verify: PORTABLE.verify,
    });
    expect(checked.ok && checked.value.offersCustody).toBe(offersCustody);
  });
});

describe('the audience of a token', () => {
  const HEADERS = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };

  /** Returns the verdict of a relay with these names on a token for `aud`. It is reached as relay.example:8443. */
  async function verdict(aud: string | undefined, names: readonly string[]): Promise<string> {
    const twin = await identity('11');
    const token = await mintToken({ twin: 1, now: NOW, ttl: 60, ...(aud === undefined ? {} : { aud }) }, twin);
    let isAsked = false;
    const checked = await checkUpgrade(new Request(`http://relay.example:8443/?${token}`, { headers: HEADERS }), {
      names,
      recall: () => undefined,
      lookup: async () => {
        isAsked = true;
        return found(twin);
      },
      now: () => NOW,
      verify: PORTABLE.verify,
    });
    // A refused audience costs no look-up.
    expect(isAsked).toBe(checked.ok);
    return checked.ok ? 'open' : `${checked.error.code}: ${checked.error.details?.expected}`;
  }

  it('is accepted if it is a name of the relay, with or without its port', async () => {
    for (const aud of ['one.example', 'ONE.example', 'one.example:443', 'two.example:8443']) {
      expect(await verdict(aud, ['one.example', 'two.example:8443'])).toBe('open');
    }
  });

  it('is refused if it is another relay, and the refusal names this one', async () => {
    const refused = 'other-audience: one.example two.example:8443';
    for (const aud of ['three.example', 'two.example:9', 'one.example.evil', '', 'relay.example:8443']) {
      expect(await verdict(aud, ['one.example', 'two.example:8443'])).toBe(refused);
    }
  });

  it('must be the requested host at a relay without names', async () => {
    expect(await verdict('relay.example:8443', [])).toBe('open');
    expect(await verdict('relay.example', [])).toBe('open');
    expect(await verdict('other.example', [])).toBe('other-audience: relay.example:8443');
  });

  it('may be absent, as in tokens of older clients', async () => {
    expect(await verdict(undefined, ['one.example'])).toBe('open');
  });
});

describe('the answer of a twin’s object that takes no session', () => {
  it.each([
    [429, 'too-many-sessions', 429],
    [503, 'relay-version', 503],
    [500, 'busy', 503],
    [404, 'busy', 503],
    [undefined, 'busy', 503],
  ] as const)('%s is refused as %s with status %s', (answered, code, status) => {
    const refusal = objectRefusal(7, answered);
    expect([refusal.code, statusOf(refusal.code), refusal.details?.twin]).toEqual([code, status, 7]);
  });
});

describe('a connection of a recently known twin', () => {
  it('opens without a look-up', async () => {
    const twin = await identity('11');
    expect(await connect(twin, found(twin), { unavailable: 'down' })).toEqual({ checked: 'open', asked: 0 });
  });

  it('opens with a key that is new on chain', async () => {
    const [before, now] = [await identity('11'), await identity('22')];
    expect(await connect(now, found(before), found(now))).toEqual({ checked: 'open', asked: 1 });
  });

  it('is refused with another twin’s key, or if the chain cannot be read for a new key', async () => {
    const [twin, stranger] = [await identity('11'), await identity('33')];
    const refused = (code: string) => ({ checked: code, asked: 1 });
    expect(await connect(stranger, found(twin), found(twin))).toEqual(refused('bad-signature'));
    expect(await connect(stranger, found(twin), { unavailable: 'down' })).toEqual(refused('chain-unreachable'));
  });

  it('is looked up once if the twin is not known', async () => {
    const [twin, stranger] = [await identity('11'), await identity('33')];
    expect(await connect(twin, undefined, found(twin))).toEqual({ checked: 'open', asked: 1 });
    expect(await connect(stranger, undefined, found(twin))).toEqual({ checked: 'bad-signature', asked: 1 });
  });
});
