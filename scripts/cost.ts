import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withTables } from './cost/page.ts';

// Writes the tables of docs/cost.md from the figures that test/cost.test.ts asserts, and the list prices.
const PAGE = fileURLToPath(new URL('../docs/cost.md', import.meta.url));
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = await readFile(PAGE, 'utf8');
const fresh = withTables(page);
if (values.check && fresh !== page) throw new Error('docs/cost.md is not what scripts/cost/ computes');
if (!values.check) await writeFile(PAGE, fresh);
