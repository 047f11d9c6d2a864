import type { Plugin, PluginReply } from '../../client/serving/plugin.ts';
import { pluginFor } from '../../client/serving/plugins.ts';
import type { Question } from '../bridge/messages.ts';
import type { RequestStatus } from '../bridge/request-status.ts';
import { statusJson } from './status-json.ts';

/** Command of a local program that asks for the status of a request; its payload is the uid or the ref. */
export const STATUS_COMMAND = 'rmb.status';
/** Code of the error for a request that this peer does not know. */
export const UNKNOWN_CODE = 404;

/** Where a status is looked up. */
export interface StatusSources {
  find(name: string): RequestStatus | undefined;
  /** The note of an earlier run of the peer. */
  findQuestion(uid: string): Promise<Question | undefined>;
}

/**
 * Returns the plugin that tells local programs the status of their requests. Other twins cannot ask it.
 * @param plugins the peer's: one with the same name gets all other commands
 */
export function statusPlugin({ find, findQuestion }: StatusSources, plugins: readonly Plugin[]): Plugin {
  const other = pluginFor(plugins, STATUS_COMMAND);
  return {
    name: 'rmb',
    async local(request) {
      if (request.command !== STATUS_COMMAND) return other?.local?.(request);
      const name = new TextDecoder().decode(request.data);
      const status = find(name) ?? noted(name, await findQuestion(name));
      return status === undefined ? UNKNOWN : { ...replyWith(statusJson(status)), schema: 'application/json' };
    },
  };
}

/** Returns what a note tells of a request that an earlier run has sent. */
function noted(uid: string, question: Question | undefined): RequestStatus | undefined {
  if (question === undefined) return undefined;
  const { ref, command, asked = [] } = question;
  return { uid, ref, command, destinations: asked, until: undefined, steps: [] };
}

function replyWith(value: object): PluginReply {
  return { data: new TextEncoder().encode(JSON.stringify(value)) };
}

/** The reply about a request that this peer does not know. */
export const UNKNOWN: PluginReply = {
  data: new Uint8Array(0),
  error: { code: UNKNOWN_CODE, message: 'this peer remembers no such request' },
};
