import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { measureClients } from './client/measure.ts';
import { CLIENT_HEADING, clientSection, sectionOf, withSection } from './client/table.ts';
import { bare, type Contender, product, remote } from './contenders/contenders.ts';
import { thisMachine } from './contenders/machine.ts';
import { delay, type Measure, type Times } from './contenders/measure.ts';
import { benchEntries } from './contenders/twins.ts';
import type { Runs } from './judge.ts';
import { ROWS, type Row } from './rows.ts';
import { figures, type Measured, place, verdicts } from './table.ts';
import { measureCeiling } from './work/ceiling.ts';
import { ELSEWHERE } from './work/federation.ts';

const USAGE = `npm run bench -- [--full] [--rows TEXT] [--chain URL] [--relay URL] [--against URL] [--beside PID,…] [--json FILE]
       npm run bench -- --client [--full] [--json FILE]

Measures the relay on this machine, beside the bare worker of tools/bench/contenders/bare.workerd.ts.

  --full     every work, in several turns; writes tools/bench/RESULTS.md and tools/bench/results.json
  --client   measures rmb-client instead, beside the npm client and bare round trips; --full writes RESULTS.md, too
  --rows     only works with this text in their name
  --relay    measures this relay instead: ws://host:port
  --against  also measures this relay, in turns, and prints the ratios
  --chain    the chain of those relays; start it with npm run bench:chain
  --beside   other processes of --against, for example a Redis: their time and memory count with it
  --json     writes the measurements to a file`;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    client: { type: 'boolean', default: false },
    rows: { type: 'string', default: '' },
    relay: { type: 'string' },
    against: { type: 'string' },
    chain: { type: 'string' },
    beside: { type: 'string', default: '' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const PAGE = join(import.meta.dirname, 'RESULTS.md');
const SHORT: Times = { warm: 1000, run: 2000 };
const FULL: Times = { warm: 1000, run: 3000 };

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  if (values.client) return await reportClients();
  if ((values.relay ?? values.against) !== undefined && values.chain === undefined) {
    throw new Error('--relay and --against need --chain, the chain of those relays (npm run bench:chain starts one)');
  }
  await using stack = new AsyncDisposableStack();
  const chain = values.chain ?? stack.use(await startDevChain({ twins: await benchEntries(ELSEWHERE) })).httpUrl;
  const contenders = contendersOn(chain);
  const rows = ROWS.filter(({ name, isShort }) => (values.full || isShort) && name.includes(values.rows));
  if (rows.length === 0) throw new Error(`no work has "${values.rows}" in its name`);
  const ceiling = await measureCeiling(values.full ? FULL : SHORT);
  console.log(
    `the load generator itself, against a bare echo: ${Math.round(ceiling).toLocaleString('en-US')} messages a second\n`,
  );
  const measured: Measured[] = [];
  for (const row of rows) measured.push({ row, runs: await measureRow(row, contenders) });
  await report(measured, ceiling, contenders);
}

type Contenders = Readonly<Partial<Record<keyof Runs, Contender>>>;

function contendersOn(chain: string): Contenders {
  const beside = values.beside.split(',').filter(Boolean).map(Number);
  const against = values.against === undefined ? {} : { against: remote('against', values.against, beside) };
  if (values.relay !== undefined) return { ours: remote('relay', values.relay, []), ...against };
  return { ours: product(chain), bare: bare(), ...against };
}

/** Contenders take turns, because a slow minute of the machine slows them all. */
async function measureRow(row: Row, contenders: Contenders): Promise<Runs> {
  const runs: Record<keyof Runs, Measure[]> = { ours: [], bare: [], against: [] };
  const turns = values.full ? 3 : values.against === undefined ? 1 : 2;
  for (let turn = 0; turn < turns; turn += 1) {
    for (const name of ['ours', 'bare', 'against'] as const) {
      const contender = contenders[name];
      if (!contender?.can.has(row.needs)) continue;
      runs[name].push(await measureOnce(row, contender));
    }
  }
  return runs;
}

/** Resolves when the previous run's connections have ended and its work is done. */
const BREATH_MS = 500;

async function measureOnce(row: Row, contender: Contender): Promise<Measure> {
  await delay(BREATH_MS);
  await using running = await contender.start(row.settings);
  process.stderr.write(`${row.name}: ${contender.name} `);
  const measure = await row.run(running, values.full ? FULL : SHORT);
  process.stderr.write(`${Math.round(measure.rate).toLocaleString('en-US')}/s\n`);
  return measure;
}

async function report(measured: readonly Measured[], ceiling: number, contenders: Contenders): Promise<void> {
  const machine = thisMachine();
  const names = { ours: contenders.ours?.name ?? '', bare: 'bare worker', against: 'against' };
  const text = [figures(measured, names), verdicts(measured), place(machine)].join('\n\n');
  console.log(`\n${text}`);
  const json = `${JSON.stringify({ machine, ceiling, rows: measured.map(({ row, runs }) => ({ name: row.name, ...runs })) }, null, 1)}\n`;
  if (values.json !== undefined) await writeFile(values.json, json);
  if (!values.full || values.rows !== '' || values.relay !== undefined) return;
  const client = sectionOf(await readFile(PAGE, 'utf8'), CLIENT_HEADING);
  const page = `# Results\n\nWritten by \`npm run bench -- --full\`; README.md says what it means.\n\n${text}\n`;
  await writeFile(PAGE, client === undefined ? page : withSection(page, CLIENT_HEADING, client));
  await writeFile(join(import.meta.dirname, 'results.json'), json);
}

async function reportClients(): Promise<void> {
  const record = await measureClients(values.full);
  const text = clientSection(record);
  console.log(text);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(record, null, 1)}\n`);
  if (!values.full) return;
  await writeFile(PAGE, withSection(await readFile(PAGE, 'utf8'), CLIENT_HEADING, text));
}

await main();
// Miniflare's agents keep connections open for reuse, which would delay the exit.
process.exit();
