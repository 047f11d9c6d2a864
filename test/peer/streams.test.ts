import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { openProgram, type Program, settled } from '../rig/redis/program.ts';
import { until } from '../rig/until.ts';

/** Streams between programs and services, which reach each other by Redis and two peers. */

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
let program: Program;
let service: Program;
beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2)]);
  [program, service] = await Promise.all([openProgram(caller.redisUrl), openProgram(callee.redisUrl)]);
});
afterAll(async () => {
  for (const each of [program, service, callee, caller, network]) await each[Symbol.asyncDispose]();
});

const asked = z.object({
  ref: z.string(),
  src: z.string(),
  ret: z.string(),
  tag: z.string().nullable(),
  stream: z.string(),
});
const part = z.object({ dat: z.string(), more: z.boolean(), seq: z.number(), err: z.object({}).nullable() });

/** The next request for a command that takes several replies. */
const next = async (command: string) => asked.parse(await service.reply(`msgbus.${command}`));

function push({ ref, src, ret }: z.infer<typeof asked>, fields: object): Promise<number> {
  const reply = { ver: 1, ref, dst: src, dat: '', now: Math.floor(Date.now() / 1000), ...fields };
  return service.redis.lPush(ret, JSON.stringify(reply));
}

/** Pushes replies as a service in any language does: it sends one when its credit is above the number of that. */
async function produce(request: z.infer<typeof asked>, count: number): Promise<'ended' | 'cancelled'> {
  for (let seq = 0; seq < count; seq += 1) {
    let credit: string | null;
    do {
      credit = await service.redis.get(request.stream);
      if (credit === null) return 'cancelled';
    } while (seq >= Number(credit));
    const dat = Buffer.from(String(seq)).toString('base64');
    await push(request, { dat, more: seq < count - 1, seq });
  }
  return 'ended';
}

/** Resolves when a program that reads nothing has all replies for which its service has credit. */
async function creditUsed({ stream }: z.infer<typeof asked>, queue: string): Promise<void> {
  await until(
    'the credit to be used up',
    async () => Number(await service.redis.get(stream)) === (await program.redis.lLen(queue)),
  );
}

describe('a stream between two peers', () => {
  it('gives a program the replies of a service, each with its number', async () => {
    await program.ask(localRequest({ cmd: 'test.three', stream: true, tag: 'mine', ret: 'three' }));
    const request = await next('test.three');
    expect(request.tag).toBe('mine,rmb.stream,rmb.credit=64');
    expect(await produce(request, 3)).toBe('ended');
    const replies = [await program.reply('three'), await program.reply('three'), await program.reply('three')];
    // A program sorts them: they may pass each other.
    expect(replies.map((reply) => part.loose().parse(reply)).sort((a, b) => a.seq - b.seq)).toMatchObject([
      { ref: 'my-ref', src: '2', dat: 'MA==', more: true, seq: 0, err: null },
      { dat: 'MQ==', more: true, seq: 1 },
      { dat: 'Mg==', more: false, seq: 2 },
    ]);
    await settled(program);
    await settled(service);
  });

  it('does not exist for a program that did not ask for it, nor for its service', async () => {
    await program.ask(localRequest({ cmd: 'test.plain', ret: 'plain' }));
    const request = await service.reply('msgbus.test.plain');
    expect(request).not.toHaveProperty('stream');
    await push(asked.parse({ ...z.object({}).loose().parse(request), stream: '' }), { dat: 'MA==', seq: 0 });
    expect(
      Object.keys(
        z
          .object({})
          .loose()
          .parse(await program.reply('plain')),
      ),
    ).toEqual(['ver', 'ref', 'dat', 'src', 'shm', 'now', 'err']);
  });

  it('stops a service whose program reads nothing, and loses none of 300 replies when it reads again', async () => {
    await program.ask(localRequest({ cmd: 'test.many', stream: true, ret: 'many' }));
    const request = await next('test.many');
    const producing = produce(request, 300);
    const length = () => program.redis.lLen('many');
    await creditUsed(request, 'many');
    // No look at the list gave more meanwhile.
    expect(await length()).toBe(Number(await service.redis.get(request.stream)));
    const replies: z.infer<typeof part>[] = [];
    while (replies.length < 300) {
      expect(await length()).toBeLessThanOrEqual(64 + 32);
      replies.push(part.parse(await program.reply('many')));
    }
    expect(await producing).toBe('ended');
    expect(replies.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(replies.filter(({ more }) => !more)).toMatchObject([{ seq: 299 }]);
  });

  it('gives a program each number once, though its service sends a number twice', async () => {
    await program.ask(localRequest({ cmd: 'test.twice', stream: true, ret: 'twice' }));
    const request = await next('test.twice');
    await push(request, { dat: 'MA==', more: true, seq: 0 });
    await push(request, { dat: 'MQ==', more: true, seq: 0 });
    await push(request, { dat: 'Mg==', seq: 1 });
    const replies = [await program.reply('twice'), await program.reply('twice')];
    expect(replies).toMatchObject([{ seq: 0 }, { seq: 1, dat: 'Mg==', more: false }]);
    expect(await program.redis.lLen('twice')).toBe(0);
  });

  it('ends with the error of its service', async () => {
    await program.ask(localRequest({ cmd: 'test.fails', stream: true, ret: 'fails' }));
    const request = await next('test.fails');
    await push(request, { dat: 'MA==', more: true, seq: 0 });
    await push(request, { err: { code: 7, message: 'no more' }, seq: 1 });
    expect(await program.reply('fails')).toMatchObject({ seq: 0, more: true, err: null });
    expect(await program.reply('fails')).toMatchObject({ seq: 1, more: false, err: { code: 7, message: 'no more' } });
    await settled(program);
  });

  it('ends when a program cancels it by its ref: the credit of its service is gone, and nothing more comes', async () => {
    await program.ask(localRequest({ cmd: 'test.long', ref: 'long', stream: true, ret: 'long' }));
    const request = await next('test.long');
    const producing = produce(request, 1_000);
    await creditUsed(request, 'long');
    const dat = Buffer.from('long').toString('base64');
    await program.ask(localRequest({ cmd: 'rmb.cancel', dst: [0], dat, ret: 'cancel' }));
    const { dat: told } = z.object({ dat: z.string() }).parse(await program.reply('cancel'));
    expect(Buffer.from(told, 'base64').toString()).toBe('{"twins":[2]}');
    expect(await producing).toBe('cancelled');
    await push(request, { dat: 'MA==', more: true, seq: 999 });
    const [last] = await program.redis.lRange('long', 0, 0);
    expect(JSON.parse(last ?? '')).toMatchObject({
      ref: 'long',
      err: { code: 500, message: 'the request was cancelled' },
    });
    await settled(program);
    await settled(service);
  });

  it('goes on after a restart of the peer whose program reads', async () => {
    await program.ask(localRequest({ cmd: 'test.restart', stream: true, ret: 'restart' }));
    const request = await next('test.restart');
    const producing = produce(request, 200);
    await creditUsed(request, 'restart');
    const { redisUrl } = caller;
    await caller.peer.close();
    caller = await startPeerRig(network, 1, { redis: redisUrl });
    const seqs = new Set<number>();
    while (seqs.size < 200) seqs.add(part.parse(await program.reply('restart')).seq);
    expect(await producing).toBe('ended');
  });
});
