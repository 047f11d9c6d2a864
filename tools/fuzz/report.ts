import { toHex } from './input/hex.ts';
import type { Finding } from './run.ts';

/** Longer inputs (bytes) are cut; their case number replays them. */
const MAX_SHOWN_BYTES = 4_096;

/** Returns a finding and how to replay it, for people. */
export function findingText({ target, seed, number, fault, input }: Finding): string {
  const shown = input.subarray(0, MAX_SHOWN_BYTES);
  const lines = [
    `${target}: ${fault.kind} at case ${number}: ${fault.detail}`,
    `  input, ${input.length} bytes${shown.length < input.length ? ', its beginning' : ''}: ${toHex(shown)}`,
    `  as text: ${JSON.stringify(Buffer.from(shown).toString())}`,
    `  replay: npm run fuzz -- --target ${target} --seed ${seed} --case ${number}`,
  ];
  if (shown.length === input.length) lines.push(`  or: npm run fuzz -- --target ${target} --input ${toHex(input)}`);
  return lines.join('\n');
}
