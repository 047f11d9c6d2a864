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
    recall: () => remembered,
    lookup: async () => {
      asked += 1;
      return onChain;
    },
    now: () => NOW,
  });
  return { checked: checked.ok ? 'open' : checked.error.code, asked };
}

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
