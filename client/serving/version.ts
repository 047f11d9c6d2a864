import type { Plugin } from './plugin.ts';

/** Life of the reply, as in the Rust peer, seconds. */
const TTL_SECONDS = 300;

/** Returns the plugin that answers `rmb.version`. @param release name and version, for example `rmb-edge 0.1.0` */
export function versionPlugin(release: string): Plugin {
  return {
    name: 'rmb',
    async remote({ command }) {
      if (command !== 'rmb.version') return undefined;
      const data = new TextEncoder().encode(JSON.stringify(release));
      return { data, schema: 'application/json', ttl: TTL_SECONDS };
    },
  };
}
