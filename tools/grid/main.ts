import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pageOf } from './page/page.ts';
import { type GridRecord, inputsOf, PLAN, runPlanned } from './plan.ts';
import { productSettings } from './settings.ts';

// Runs the model of the whole grid, and writes results.json and docs/grid.md.
const PAGE = fileURLToPath(new URL('../../docs/grid.md', import.meta.url));
const RECORD = fileURLToPath(new URL('results.json', import.meta.url));

const settings = productSettings();
const runs = PLAN.map((planned) => {
  const before = process.cpuUsage().user;
  const result = runPlanned(planned, settings);
  const seconds = ((process.cpuUsage().user - before) / 1e6).toFixed(1);
  const { scenario, growth, limit } = planned;
  const limited = limit === undefined ? '' : limit === 0 ? ', no rate limit' : `, ${limit} messages a minute`;
  console.log(`grid: ${scenario} ×${growth}${limited}: ${result.asked} requests, ${seconds} s of CPU`);
  return { ...planned, result };
});
const record: GridRecord = {
  version: 1,
  inputs: inputsOf(settings),
  rateLimit: settings.rateLimit.messages,
  mailboxMessages: settings.mailboxMessages,
  runs,
};
await writeFile(RECORD, `${JSON.stringify(record, undefined, 1)}\n`);
await writeFile(PAGE, pageOf(record));
