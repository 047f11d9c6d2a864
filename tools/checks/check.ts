import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkBundle } from './bundle-budget.ts';
import { checkClientSize } from './client-size.ts';
import { checkLanguage } from './language.ts';
import { checkLayers } from './layers.ts';
import { checkLinks } from './links.ts';
import { checkWorkerTypes } from './worker-types.ts';

/** One step of the check; `run` rejects with its findings. */
interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** What to do when it fails. */
  readonly repair: string;
}

/** Steps send no metrics, and their output is plain text. */
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
    name: 'types: client',
    run: command('tsc', '-p', 'client'),
    repair: 'client/ runs in browsers and Workers, too: no Node globals outside of its Node files',
  },
  { name: 'types: workers', run: command('tsc', '-p', 'workers'), repair: 'the Worker knows no Node globals' },
  { name: 'types: Node', run: command('tsc', '-p', '.'), repair: 'fix the types' },
  {
    name: 'lint and format',
    run: command('biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
    repair: 'npm run format',
  },
  { name: 'layers and cycles', run: checkLayers, repair: 'CONTRIBUTING.md says which room may import which' },
  {
    name: 'language',
    run: () => checkLanguage(),
    repair: 'docs/glossary.md has the words; the finding says what to write',
  },
  { name: 'links', run: checkLinks, repair: 'the finding names the page and the line' },
  { name: 'unused', run: command('knip'), repair: 'remove what nothing uses' },
  { name: 'codec', run: command('node', 'tools/build/generate-codec.ts', '--check'), repair: 'npm run proto' },
  { name: 'cost page', run: command('node', 'tools/checks/cost.ts', '--check'), repair: 'npm run cost' },
  { name: 'placement page', run: command('node', 'tools/checks/latency.ts', '--check'), repair: 'npm run latency' },
  { name: 'worker types', run: checkWorkerTypes, repair: 'npm run types' },
  {
    name: 'bundle size',
    run: checkBundle,
    repair: 'find the cause, or raise the budget and say why in docs/decisions.md',
  },
  {
    name: 'client size',
    run: checkClientSize,
    repair: '`node tools/checks/client-size.ts` prints the sizes: load what few pages use by a dynamic import',
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
