import { once } from 'node:events';
import { Keyring } from '@polkadot/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { within } from '../rig/clients/client.ts';

/** The chain as a client sees it that speaks bare JSON-RPC over a WebSocket. */

const message = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number() }).optional(),
  method: z.string().optional(),
  params: z.object({ subscription: z.string(), result: z.unknown() }).optional(),
});
type Message = z.infer<typeof message>;

let chain: DevChain;
let socket: WebSocket;
let heard: Message[];
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 100 });
});
afterAll(() => chain.close());
beforeEach(async () => {
  socket = new WebSocket(chain.wsUrl);
  heard = [];
  socket.on('message', (data) => heard.push(message.parse(JSON.parse(String(data)))));
  await once(socket, 'open');
  return () => socket.terminate();
});

/** The first message, of those heard and those to come, that is the one. */
async function heardOne(what: string, isIt: (each: Message) => boolean): Promise<Message> {
  const wait = async () => {
    for (;;) {
      const found = heard.find(isIt);
      if (found !== undefined) return found;
      await once(socket, 'message');
    }
  };
  return within(wait(), what);
}
let calls = 0;
async function call(method: string, ...params: unknown[]): Promise<Message> {
  calls += 1;
  const id = calls;
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  return heardOne(method, (each) => each.id === id);
}
const blockAfter = (subscription: unknown) => {
  const seen = heard.length;
  return heardOne('a block', (each) => heard.indexOf(each) >= seen && each.params?.subscription === subscription);
};

describe('a bare socket', () => {
  it.each(['constructor', 'toString', '__proto__', 'state_subscribe', ''])(
    'gets an error for the unknown method %j',
    async (name) => {
      expect(await call(name)).toMatchObject({ error: { code: -32601 } });
    },
  );

  it('hears of a subscription until it ends it', async () => {
    const [stays, goes] = [await call('chain_subscribeNewHeads'), await call('chain_subscribeFinalizedHeads')];
    await blockAfter(goes.result);
    expect(await call('chain_unsubscribeFinalizedHeads', goes.result)).toMatchObject({ result: true });
    expect(await call('chain_unsubscribeFinalizedHeads', goes.result)).toMatchObject({ result: false });
    const ended = heard.length;
    for (const _ of [1, 2]) await blockAfter(stays.result);
    expect(heard.slice(ended).some((each) => each.params?.subscription === goes.result)).toBe(false);
  });

  it('hears of a twin that was put there by hand', async () => {
    const account: `0x${string}` = `0x${'4e'.repeat(32)}`;
    const keys = ['0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7'];
    const { result } = await call('state_subscribeStorage', keys);
    const changed = heardOne('the event', (each) => {
      if (each.params?.subscription !== result) return false;
      return JSON.stringify(each.params?.result).includes(account.slice(2));
    });
    chain.putTwin({ id: 78, account, relay: null, pk: null });
    expect(await changed).toMatchObject({ method: 'state_storage' });
  });

  it('has at most 1024 subscriptions', async () => {
    for (let count = 0; count < 1024; count += 1) await call('state_subscribeRuntimeVersion');
    expect(await call('state_subscribeRuntimeVersion')).toMatchObject({ error: { code: -32600 } });
  });

  it('alone is closed when its message is over 1 MiB', async () => {
    const big = new WebSocket(chain.wsUrl);
    await once(big, 'open');
    big.send('x'.repeat(2 ** 20 + 1));
    await within(once(big, 'close'), 'the end of the socket');
    expect(await call('system_chain')).toMatchObject({ result: 'RMB development chain' });
  });

  it('may end while its extrinsic is examined', async () => {
    const pair = new Keyring().addFromSeed(new Uint8Array(32).fill(0x11), {}, 'sr25519');
    const nonce = async () => z.number().parse((await call('system_accountNextIndex', pair.address)).result);
    const before = await nonce();
    const going = new WebSocket(chain.wsUrl);
    await once(going, 'open');
    going.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'author_submitAndWatchExtrinsic', params: ['0x00'] }));
    going.terminate();
    const { result } = await call('chain_subscribeNewHeads');
    await blockAfter(result);
    expect(await nonce()).toBe(before);
  });
});

describe('the state of blocks', () => {
  it('is null or an error for an unknown block, as at a node', async () => {
    const unknown = `0x${'ab'.repeat(32)}`;
    expect(await call('chain_getHeader', unknown)).toMatchObject({ result: null });
    expect(await call('chain_getBlock', unknown)).toMatchObject({ result: null });
    expect(await call('chain_getBlockHash', 999_999)).toMatchObject({ result: null });
    expect(await call('state_queryStorageAt', ['0x00'], unknown)).toMatchObject({ error: { code: 4003 } });
  });
});

describe('a port in use', () => {
  it('fails the start without harm to its chain', async () => {
    await expect(startDevChain({ port: chain.port })).rejects.toThrow('EADDRINUSE');
    expect(await call('system_chain')).toMatchObject({ result: 'RMB development chain' });
  });
});
