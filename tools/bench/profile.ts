import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { freePort } from '../local-relay/port.ts';
import { bare, product } from './contenders/contenders.ts';
import { benchEntries } from './contenders/twins.ts';
import { ROWS } from './rows.ts';
import { markdown } from './table.ts';
import { ELSEWHERE } from './work/federation.ts';

// Profiles a work by workerd's inspector: `npm run bench:profile -- --rows "1 pair"`.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '8 pairs × 32' },
    bare: { type: 'boolean', default: false },
    out: { type: 'string' },
    top: { type: 'string', default: '30' },
  },
});

const nodeSchema = z.object({
  id: z.number(),
  callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
});
const profileSchema = z.object({
  nodes: z.array(nodeSchema),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
const answerSchema = z.object({ id: z.number(), result: z.unknown().optional() });
const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() }));

/** One connection to workerd's inspector. */
async function inspector(port: number): Promise<(method: string, params?: object) => Promise<unknown>> {
  const targets = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json());
  const [target] = targets;
  if (target === undefined) throw new Error('the inspector has no target');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, (result: unknown) => void>();
  socket.on('message', (data) => {
    const answer = answerSchema.safeParse(JSON.parse(String(data)));
    if (answer.success) waiting.get(answer.data.id)?.(answer.data.result);
  });
  let last = 0;
  return (method, params = {}) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
}

await using chain = await startDevChain({ twins: await benchEntries(ELSEWHERE) });
const row = ROWS.find(({ name }) => name.includes(values.rows));
if (row === undefined) throw new Error(`no work has "${values.rows}" in its name`);
const inspect = await freePort();
const contender = values.bare ? bare(inspect) : product(chain.httpUrl, inspect);
await using running = await contender.start(row.settings);
const ask = await inspector(inspect);
await ask('Profiler.enable');
await ask('Profiler.setSamplingInterval', { interval: 200 });
await ask('Profiler.start');
const measure = await row.run(running, { warm: 1000, run: 4000 });
const { profile } = z.object({ profile: profileSchema }).parse(await ask('Profiler.stop'));
if (values.out !== undefined) await writeFile(values.out, JSON.stringify(profile));

const names = new Map(
  profile.nodes.map(({ id, callFrame }) => [
    id,
    `${callFrame.functionName || '(anonymous)'} ${callFrame.url.split('/').at(-1)}:${callFrame.lineNumber}`,
  ]),
);
const self = new Map<string, number>();
profile.samples.forEach((id, n) => {
  const name = names.get(id) ?? '?';
  self.set(name, (self.get(name) ?? 0) + (profile.timeDeltas[n] ?? 0));
});
const total = [...self.values()].reduce((sum, each) => sum + each, 0);
const lines = [...self]
  .sort(([, a], [, b]) => b - a)
  .slice(0, Number(values.top))
  .map(([name, us]) => [name, `${((us / total) * 100).toFixed(1)} %`]);
console.log(`${row.name}: ${Math.round(measure.rate)}/s\n\n${markdown(['function', 'self'], lines)}`);
process.exit();
