import { parsedJson } from '../asking/payload.ts';
import { RmbError } from '../errors.ts';
import type { Bus, CallOptions } from '../public.ts';
import { type CommandList, readCommands } from './command-list.ts';
import { COMMANDS_COMMAND } from './commands-plugin.ts';

/** Limit for the list, unless the question says otherwise: an older peer does not answer, ms. */
const COMMANDS_MS = 5_000;

/** Asks a twin which commands it serves. Throws an `RmbError` when no list comes. */
export async function askCommands(
  bus: Pick<Bus, 'request'>,
  twin: number | string,
  { timeout = COMMANDS_MS, ...others }: CallOptions = {},
): Promise<CommandList> {
  const { data, source } = await bus.request(twin, COMMANDS_COMMAND, undefined, { ...others, timeout });
  const list = readCommands(parsed(data));
  if (list !== undefined) return list;
  throw new RmbError('invalid-reply', `twin ${source} lists its commands in a form that this version does not know`);
}

/** Returns the value of JSON; undefined for other bytes. */
function parsed(data: Uint8Array): unknown {
  try {
    return parsedJson(data);
  } catch {
    return undefined;
  }
}
