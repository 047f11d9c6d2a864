import { z } from 'zod';
import { DEV_TWINS } from '../../dev-chain/dev-twins.ts';
import { within } from './client.ts';
import { type PeerCommand, startPeerProcess } from './peer-process.ts';

const report = z.object({
  ok: z.boolean(),
  lines: z.array(
    z.object({
      part: z.string(),
      what: z.string(),
      state: z.enum(['ok', 'warn', 'fail', 'skipped']),
      detail: z.string(),
      next: z.string().optional(),
    }),
  ),
});

/** What a run of `rmb-peer doctor --json` found. */
export interface Diagnosis {
  readonly code: number | null;
  /** `fail redis: reachable` for each line that is not well, and was looked at. */
  readonly named: readonly string[];
  /** The same, with what it says. */
  readonly said: string;
  readonly output: string;
}

/** A doctor ends within 20 s; a process of a busy machine starts late. */
const PATIENCE_MS = 40_000;

/** Runs a doctor in a process of its own. @param settings as variables: `REDIS` for RMB_REDIS */
export async function runDoctor(
  settings: Readonly<Record<string, string>>,
  { args = [], ...command }: PeerCommand = {},
): Promise<Diagnosis> {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RMB_${name}`, value]));
  await using process = startPeerProcess({ ...command, args: ['doctor', '--json', ...args], env });
  const code = await within(process.ended, 'the end of the doctor', PATIENCE_MS);
  const output = process.output();
  if (!output.startsWith('{')) return { code, named: [], said: '', output };
  const { lines } = report.parse(JSON.parse(output));
  const bad = lines.filter(({ state }) => state === 'warn' || state === 'fail');
  return {
    code,
    named: bad.map(({ part, what, state }) => `${state} ${part}: ${what}`),
    said: bad.map(({ detail, next }) => `${detail} → ${next}`).join('\n'),
    output,
  };
}

/** The secret of a development twin, as variables. */
export function secretOf(twin: number): { MNEMONIC: string; KEY_TYPE: string } {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  return { MNEMONIC: dev.secret, KEY_TYPE: dev.keyType };
}
