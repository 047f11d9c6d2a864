import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkBundle } from './bundle-budget.ts';
import { checkLayers } from './layers.ts';
import { checkWorkerTypes } from './worker-types.ts';

/** A step ends quietly, or throws with what is wrong. */
interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** What to do when it fails. */
  readonly repair: string;
}

/** Nothing goes out, and what a step says is kept as text. */
const ENVIRONMENT = { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', FORCE_COLOR: undefined };

const command =
  (...argv: string[]) =>
  async () => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: ENVIRONMENT,
    });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(Buffer.concat(output).toString());
  };

const STEPS: readonly Step[] = [
  { name: 'types: proto', run: command('tsc', '-p', 'proto'), repair: 'proto/ runs anywhere: no host’s globals' },
  {
    name: 'types: chain',
    run: command('tsc', '-p', 'chain'),
    repair: 'chain/ runs in Workers and Node: no host’s globals',
  },
  { name: 'types: workers', run: command('tsc', '-p', 'workers'), repair: 'the Worker knows no Node globals' },
  { name: 'types: Node', run: command('tsc', '-p', '.'), repair: 'mend the types' },
  {
    name: 'lint and format',
    run: command('biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
    repair: 'npm run format',
  },
  { name: 'layers and cycles', run: checkLayers, repair: 'CONTRIBUTING.md says which room may import which' },
  { name: 'unused', run: command('knip'), repair: 'remove what nothing uses' },
  { name: 'codec', run: command('node', 'scripts/generate-codec.ts', '--check'), repair: 'npm run proto' },
  { name: 'cost page', run: command('node', 'scripts/cost.ts', '--check'), repair: 'npm run cost' },
  { name: 'worker types', run: checkWorkerTypes, repair: 'npm run types' },
  {
    name: 'bundle size',
    run: checkBundle,
    repair: 'find what made it grow, or move the budget and say why in docs/decisions.md',
  },
];

let failures = 0;
for (const { name, run, repair } of STEPS) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    await run();
    console.log(`check: ${name} ok, ${seconds()}`);
  } catch (error) {
    failures += 1;
    console.error(
      `check: ${name} FAILED, ${seconds()}\n${error instanceof Error ? error.message : error}\n  to repair: ${repair}\n`,
    );
  }
}
process.exitCode = failures === 0 ? 0 : 1;
