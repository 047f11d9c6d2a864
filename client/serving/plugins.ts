import type { Plugin, PluginReply } from './plugin.ts';

/** Returns the plugin that sees a command; undefined if no plugin does. */
export function pluginFor(plugins: readonly Plugin[], command: string): Plugin | undefined {
  const dot = command.indexOf('.');
  return dot < 0 ? undefined : plugins.find(({ name }) => name === command.slice(0, dot));
}

/** Runs a plugin's handler. Returns an error reply for what the handler throws. */
export async function replyOf(
  handler: () => Promise<PluginReply | undefined> | undefined,
): Promise<PluginReply | undefined> {
  try {
    return await handler();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { data: new Uint8Array(0), error: { code: 500, message } };
  }
}
