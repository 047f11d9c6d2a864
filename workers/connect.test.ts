import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../durable-objects/contract.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { mintToken } from '../proto/token.ts';
import { checkUpgrade } from './connect.ts';

const NOW = 1_800_000_000;

async function identity(byte: string): Promise<Identity> {
  const made = await identityOf(`0x${byte.repeat(32)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

function found({ account }: Identity): TwinLookup {
  return { found: { id: 1, account, relay: null, pk: null } };
}

/** Twin 1 connects with a token signed by `signer`; what was remembered of it, and what the chain says now. */
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
  });
  return { checked: checked.ok ? 'open' : checked.error.code, asked };
}

describe('the audience of a token', () => {
  const HEADERS = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };

  /** What a relay of these names says to a token for `aud`, reached as relay.example:8443. */
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
    });
    // A refused audience costs no look-up.
    expect(isAsked).toBe(checked.ok);
    return checked.ok ? 'open' : `${checked.error.code}: ${checked.error.details?.expected}`;
  }

  it('is one of the names of the relay, with or without its port', async () => {
    for (const aud of ['one.example', 'ONE.example', 'one.example:443', 'two.example:8443']) {
      expect(await verdict(aud, ['one.example', 'two.example:8443'])).toBe('open');
    }
  });

  it('is refused when it is another relay’s, and the refusal names the expected ones', async () => {
    const refused = 'other-audience: one.example two.example:8443';
    for (const aud of ['three.example', 'two.example:9', 'one.example.evil', '', 'relay.example:8443']) {
      expect(await verdict(aud, ['one.example', 'two.example:8443'])).toBe(refused);
    }
  });

  it('is the host that was asked, at a relay without names', async () => {
    expect(await verdict('relay.example:8443', [])).toBe('open');
    expect(await verdict('relay.example', [])).toBe('open');
    expect(await verdict('other.example', [])).toBe('other-audience: relay.example:8443');
  });

  it('may be absent: older clients name none', async () => {
    expect(await verdict(undefined, ['one.example'])).toBe('open');
  });
});

describe('a connection of a twin that was seen a moment ago', () => {
  it('asks nobody', async () => {
    const twin = await identity('11');
    expect(await connect(twin, found(twin), { unavailable: 'down' })).toEqual({ checked: 'open', asked: 0 });
  });

  it('opens with a key that it has had on chain only since', async () => {
    const [before, now] = [await identity('11'), await identity('22')];
    expect(await connect(now, found(before), found(now))).toEqual({ checked: 'open', asked: 1 });
  });

  it('is refused with another twin’s key, and told when nobody can say whether it is a new one', async () => {
    const [twin, stranger] = [await identity('11'), await identity('33')];
    const refused = (code: string) => ({ checked: code, asked: 1 });
    expect(await connect(stranger, found(twin), found(twin))).toEqual(refused('bad-signature'));
    expect(await connect(stranger, found(twin), { unavailable: 'down' })).toEqual(refused('chain-unreachable'));
  });

  it('is looked up once when it was not seen', async () => {
    const [twin, stranger] = [await identity('11'), await identity('33')];
    expect(await connect(twin, undefined, found(twin))).toEqual({ checked: 'open', asked: 1 });
    expect(await connect(stranger, undefined, found(twin))).toEqual({ checked: 'bad-signature', asked: 1 });
  });
});
