import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** No sandbox (tests run as root in containers), nothing asked of any network. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function onPath(): Promise<string | undefined> {
  const { PATH = '' } = process.env;
  for (const folder of PATH.split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runs) return path;
    }
  }
  return undefined;
}

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], { env });
}

/** Where Chromium is: CHROMIUM_PATH, else on the PATH, else installed by apt when we are root. */
async function chromiumPath(): Promise<string> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return CHROMIUM_PATH;
  const found = await onPath();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0) await install().catch((cause) => console.error('apt-get install chromium:', cause));
  const installed = await onPath();
  if (installed !== undefined) return installed;
  throw new Error('No Chromium found: run `sudo apt-get install chromium`, or set CHROMIUM_PATH to one');
}

/** A real Chromium without a window; close it, or hold it with `await using`. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await chromiumPath(), args: FLAGS });
}
