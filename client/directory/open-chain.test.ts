import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityOf } from '../../proto/identity.ts';
import { STRANGE, startScriptedNode, well } from '../../test/rig/chain/scripted-node.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { dialNode } from '../session/node-socket.ts';
import { asked, givenChain, openChain, ownTwinOf, twinOfAccount } from './open-chain.ts';

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** A limit that no test reaches. */
const parts = { dial: dialNode, log, ms: 60_000 };
/** A port where nothing listens. */
const NOBODY = 'ws://127.0.0.1:1';

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1_000_000 });
});
afterAll(() => chain.close());

async function identityOfTwin(id: number) {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return devIdentity(twin);
}

/** An account of nobody. */
async function stranger(keyType: 'sr25519' | 'ed25519') {
  const identity = await identityOf(`0x${'77'.repeat(32)}`, keyType);
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}

describe('openChain', () => {
  it('uses the node that answers, behind one that does not', async () => {
    const open = await openChain([NOBODY, chain.wsUrl], parts);
    expect(open.state()).toEqual({ isUp: true, detail: '' });
    expect(open.place).toBe(`${NOBODY} ${chain.wsUrl}`);
    expect(await ownTwinOf(open, await identityOfTwin(3))).toBe(3);
    expect(await open.twins.get(1)).toMatchObject({ id: 1, key: { kind: 'valid' } });
    open.close();
  });

  it('gives up when every node has failed, with the reason of each', async () => {
    await using strange = await startScriptedNode(well(STRANGE));
    const opening = openChain([NOBODY, strange.url], parts);
    await expect(opening).rejects.toMatchObject({
      code: 'chain',
      retryable: true,
      message: expect.stringMatching(/out of reach at .*: .+; .*no TfgridModule/),
    });
  });

  it('gives up at its limit', async () => {
    await using silent = await startScriptedNode({});
    const opening = openChain([silent.url], { ...parts, ms: 20 });
    await expect(opening).rejects.toMatchObject({
      code: 'chain',
      message: `the chain at ${silent.url} was not ready within 0.02 s`,
    });
  });

  it('ends with its signal, and closes the connection that was opening', async () => {
    await using silent = await startScriptedNode({});
    const stop = new AbortController();
    const opening = openChain([silent.url], { ...parts, signal: stop.signal });
    opening.catch(nothing);
    await silent.dialled(1);
    stop.abort(new Error('enough'));
    await expect(opening).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') });
    await silent.left(0);
  });

  it('hides the access key in a node’s URL', async () => {
    const opening = openChain([`${NOBODY}/?key=0123456789abcdef0123`], parts);
    await expect(opening).rejects.not.toThrow('0123456789abcdef0123');
  });
});

describe('the twin of an account', () => {
  const source = givenChain({ twin: async () => undefined, twinIdOf: async () => undefined });

  it('is found by the public key', async () => {
    const found = givenChain({ twin: async () => undefined, twinIdOf: async ([first]) => first });
    expect(await twinOfAccount(found, Uint8Array.of(7))).toBe(7);
  });

  it('is missing with the question that was asked, and where', async () => {
    const { account } = await stranger('sr25519');
    await expect(twinOfAccount(source, account)).rejects.toMatchObject({
      code: 'unknown-twin',
      message: expect.stringMatching(/TwinIdByAccountID at the given source of twins has nothing for 5\w{47}/),
    });
  });

  it.each(['sr25519', 'ed25519'] as const)(
    'suggests the other key type to an %s identity without a twin',
    async (type) => {
      const other = type === 'sr25519' ? 'ed25519' : 'sr25519';
      await expect(ownTwinOf(source, await stranger(type))).rejects.toMatchObject({
        code: 'identity',
        message: expect.stringContaining(`with key type ${other} the same secret`),
      });
    },
  );
});

describe('asked', () => {
  it('makes a chain’s failure an error of the kind chain', async () => {
    const cause = new Error('no answer within 5 s');
    const question = asked(() => Promise.reject(cause));
    await expect(question).rejects.toMatchObject({ code: 'chain', message: cause.message, cause });
  });
});
