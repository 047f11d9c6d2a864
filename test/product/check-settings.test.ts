import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('a bad setting stops a deploy', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-settings-'));
  const check = (file: string) => run('npm', ['run', '--silent', 'check-settings', '--', file]);
  const right = await readFile('wrangler.toml', 'utf8');
  const wrong = join(directory, 'wrangler.toml');
  const at = right.indexOf('[env.production.vars]');
  await writeFile(wrong, right.slice(0, at) + right.slice(at).replace('MAILBOX_TTL = "3600"', 'MAILBOX_TTL = "1 h"'));
  expect((await check('wrangler.toml')).stderr).toBe('');
  await expect(check(wrong)).rejects.toMatchObject({
    code: 1,
    stderr: `${wrong}, environment production: MAILBOX_TTL: must be a whole number from 1 to 86400\n`,
  });
  expect(right).toContain('[build]\ncommand = "npm run --silent check-settings"');
  await rm(directory, { recursive: true });
});
