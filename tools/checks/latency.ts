import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readFigures } from './latency/figures.ts';
import { withLatencyTables } from './latency/page.ts';

// Writes the tables of docs/placement.md from tools/checks/latency/figures.json.
const PAGE = fileURLToPath(new URL('../../docs/placement.md', import.meta.url));
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = await readFile(PAGE, 'utf8');
const fresh = withLatencyTables(page, readFigures());
if (values.check && fresh !== page) throw new Error('docs/placement.md is stale: its figures give other tables');
if (!values.check) await writeFile(PAGE, fresh);
