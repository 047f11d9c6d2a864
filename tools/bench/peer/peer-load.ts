import { z } from 'zod';
import { LoadConnection } from '../contenders/resp.ts';

const COMMAND = 'bench.echo';
/** Time limit of a program's reply (s). */
const PATIENCE = 20;
const popped = z.tuple([z.number(), z.tuple([z.string(), z.string()])]);
const asked = z.tuple([z.string(), z.string()]);
const request = z.object({ ref: z.string(), src: z.string(), dat: z.string(), ret: z.string() });
const answer = z.object({ err: z.null() });

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Runs one program until `end` (by `performance.now()`): it sends the next request after each reply. Resolves with ms of each. */
async function program(url: string, callee: number, name: string, dat: string, end: number): Promise<number[]> {
  const redis = await LoadConnection.open(url);
  const took: number[] = [];
  for (let began = performance.now(); began < end; ) {
    const asks = { ver: 1, ref: name, cmd: COMMAND, exp: 60, dat, dst: [callee], ret: name, now: seconds() };
    const replies = await redis.call([
      ['LPUSH', 'msgbus.system.local', JSON.stringify(asks)],
      ['BRPOP', name, String(PATIENCE)],
    ]);
    if (replies[1] === null) throw new Error(`no answer within ${PATIENCE} s`);
    const [, text] = popped.parse(replies)[1];
    answer.parse(JSON.parse(text));
    const now = performance.now();
    took.push(now - began);
    began = now;
  }
  redis.close();
  return took;
}

/** Runs `count` programs in parallel, each with its own connection and reply list. */
export async function runPrograms(
  url: string,
  callee: number,
  { name, count, bytes, end }: { name: string; count: number; bytes: number; end: number },
): Promise<number[]> {
  const dat = Buffer.alloc(bytes, 7).toString('base64');
  const all = Array.from({ length: count }, (_, n) => program(url, callee, `${name}.${n}`, dat, end));
  return (await Promise.all(all)).flat();
}

/** Runs an echo service; it pushes a reply and asks for the next request in one write. */
export async function startEcho(url: string): Promise<Disposable> {
  const redis = await LoadConnection.open(url);
  const next = ['BRPOP', `msgbus.${COMMAND}`, '0'];
  const serve = async () => {
    let [reply] = await redis.call([next]);
    for (;;) {
      const { ref, src, dat, ret } = request.parse(JSON.parse(asked.parse(reply)[1]));
      const told = JSON.stringify({ ver: 1, ref, dst: src, dat, now: seconds(), err: null, shm: null });
      [, reply] = await redis.call([['LPUSH', ret, told], next]);
    }
  };
  // It ends with its connection.
  serve().catch(() => undefined);
  return { [Symbol.dispose]: () => redis.close() };
}
