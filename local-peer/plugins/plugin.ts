import type { LocalRequest } from '../messages.ts';

/** A request of another twin, verified and decrypted. */
export interface RemoteRequest {
  readonly uid: string;
  /** "twin" or "twin:sid". */
  readonly source: string;
  readonly command: string;
  readonly data: Uint8Array;
  readonly tags: string | null;
  readonly schema: string | null;
}

/** What a plugin answers: data, or an error in its place. */
export interface PluginAnswer {
  readonly data: Uint8Array;
  readonly schema?: string;
  readonly error?: { readonly code: number; readonly message: string };
  /** Seconds that the answer is of use; 1800 when it does not say. */
  readonly ttl?: number;
}

/**
 * Commands that the peer serves itself, without a queue. A plugin named `x` is shown each command `x.…`; what it
 * leaves alone (undefined) goes its usual way. What it throws is the caller's error 500. It sees no request twice.
 */
export interface Plugin {
  /** The first word of its commands, without a dot. */
  readonly name: string;
  /** A program of ours sends `x.…`: answered here, it does not leave this machine. */
  local?(request: LocalRequest): Promise<PluginAnswer | undefined>;
  /** Another twin asks for `x.…`: answered here, no service sees it. */
  remote?(request: RemoteRequest): Promise<PluginAnswer | undefined>;
}

/** The plugin that a command is shown to. */
export function pluginFor(plugins: readonly Plugin[], command: string): Plugin | undefined {
  const dot = command.indexOf('.');
  return dot < 0 ? undefined : plugins.find(({ name }) => name === command.slice(0, dot));
}

/** Runs a plugin's handler: what it throws becomes an error for who asked. */
export async function answerOf(
  handler: () => Promise<PluginAnswer | undefined> | undefined,
): Promise<PluginAnswer | undefined> {
  try {
    return await handler();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { data: new Uint8Array(0), error: { code: 500, message } };
  }
}
