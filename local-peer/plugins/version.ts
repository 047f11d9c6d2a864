import { VERSION } from '../version.ts';
import type { Plugin } from './plugin.ts';

/** As the Rust peer's answer, seconds. */
const TTL = 300;

/** `rmb.version`: tells other twins what this peer is. */
export const versionPlugin: Plugin = {
  name: 'rmb',
  async remote({ command }) {
    if (command !== 'rmb.version') return undefined;
    const data = new TextEncoder().encode(JSON.stringify(VERSION));
    return { data, schema: 'application/json', ttl: TTL };
  },
};
