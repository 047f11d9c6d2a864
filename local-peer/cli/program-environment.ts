import { SETTINGS, variableOf } from '../config/table.ts';
import type { CommandEntry } from '../messages.ts';

/** The largest value given to a program, bytes: Linux starts no program with one of 128 KiB, or with 2 MiB in all. */
const MAX_VALUE_BYTES = 32 * 2 ** 10;

/** Our own settings; a service must not see the secret among them. */
const OURS = [...SETTINGS.map(({ name }) => variableOf(name)), variableOf('config')];

/**
 * Returns the environment of a service's program: ours without our settings, and the request in `RMB_` variables. A
 * value that no environment can hold is left out: otherwise one request would keep the program from starting.
 * @param ours the environment of this process
 */
export function programEnvironment(request: Omit<CommandEntry, 'data'>, ours: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { command, uid, source, tags, schema, now, expiration, isEncrypted } = request;
  const metadata = {
    RMB_COMMAND: command,
    RMB_UID: uid,
    RMB_SOURCE: source,
    RMB_TIMESTAMP: String(now),
    RMB_EXPIRES: String(now + expiration),
    RMB_TAGS: tags ?? '',
    RMB_SCHEMA: schema ?? '',
    RMB_ENC: String(isEncrypted),
  };
  const env = { ...ours };
  // A service may run below another one: what that was told of its request is not of this one.
  for (const name of [...OURS, ...Object.keys(metadata)]) delete env[name];
  return { ...env, ...Object.fromEntries(Object.entries(metadata).filter(([, value]) => isValue(value))) };
}

function isValue(text: string): boolean {
  return !text.includes('\0') && Buffer.byteLength(text) <= MAX_VALUE_BYTES;
}
