import { parseAddress } from '../../proto/envelope/address.ts';
import { type Admission, callerFault, commandFault } from '../serving/admission.ts';
import type { Plugin } from '../serving/plugin.ts';
import { pluginFor } from '../serving/plugins.ts';
import { type ListedCommand, writeCommands } from './command-list.ts';

/** The command that lists the commands of a twin. */
export const COMMANDS_COMMAND = 'rmb.commands';
/** Life of the reply, as that of `rmb.version`, seconds. */
const TTL_SECONDS = 300;

/** Where the commands of a twin are found. */
export interface CommandSources {
  /** Returns what is served now. */
  list(): Promise<readonly ListedCommand[]>;
  readonly admission: Admission;
}

/**
 * Returns the plugin that answers `rmb.commands`, with those commands that the asking twin may call.
 * @param plugins the twin's: one with the same name gets all other commands
 */
export function commandsPlugin({ list, admission }: CommandSources, plugins: readonly Plugin[]): Plugin {
  const other = pluginFor(plugins, COMMANDS_COMMAND);
  return {
    name: 'rmb',
    async remote(request) {
      if (request.command !== COMMANDS_COMMAND) return other?.remote?.(request);
      const twin = parseAddress(request.source)?.twin ?? 0;
      const commands = (await list()).filter(({ name }) => isOpen(admission, name, twin));
      return { data: writeCommands(commands), schema: 'application/json', ttl: TTL_SECONDS };
    },
  };
}

/** Returns whether a request of this twin for this command would reach its service. */
function isOpen(admission: Admission, command: string, twin: number): boolean {
  return callerFault(admission, command, twin) === undefined && commandFault(admission, command) === undefined;
}
