import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withCostTables } from './cost/page.ts';

// Writes the tables of docs/cost.md from the figures that test/product/cost.test.ts asserts, and the list prices.
const PAGE = fileURLToPath(new URL('../../docs/cost.md', import.meta.url));
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = await readFile(PAGE, 'utf8');
const fresh = withCostTables(page);
if (values.check && fresh !== page) throw new Error('docs/cost.md is stale: tools/checks/cost/ computes other tables');
if (!values.check) await writeFile(PAGE, fresh);
