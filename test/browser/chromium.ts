import { execFileSync, spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { ensureInstalled } from '../rig/clients/debian.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Tests run as root in containers, so without a sandbox; Chromium sends nothing to a network. */
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

/** Returns the path of Chromium: CHROMIUM_PATH, else on the PATH, else installed by apt if we are root. */
function chromiumPath(): string {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return CHROMIUM_PATH;
  const find = () => NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  ensureInstalled('Chromium (or CHROMIUM_PATH, the path of one)', () => find() !== undefined, 'chromium');
  const name = find();
  return execFileSync('which', [name ?? 'chromium'], { encoding: 'utf8' }).trim();
}

/** A real Chromium without a window; close it, or hold it with `await using`. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
}
