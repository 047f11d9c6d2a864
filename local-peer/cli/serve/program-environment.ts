import type { CommandEntry } from '../../bridge/messages.ts';
import { SETTINGS, variableOf } from '../../config/table.ts';

/** Largest value of a variable, bytes: Linux starts no program with one of 128 KiB, or with 2 MiB in all. */
const MAX_VALUE_BYTES = 32 * 2 ** 10;

/** The peer's own settings: a service must not see the secret among them. */
const OWN_SETTINGS = [...SETTINGS.map(({ name }) => variableOf(name)), variableOf('config')];

/**
 * Returns the environment of a service's program: that of this process without the peer's settings, and the request in
 * `RMB_` variables. A value that no environment can hold is left out: otherwise one request could keep the program from
 * starting.
 * @param parent the environment of this process
 */
export function programEnvironment(request: Omit<CommandEntry, 'data'>, parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
  const env = { ...parent };
  // A service may run inside another one: the other request's variables must not leak into this one.
  for (const name of [...OWN_SETTINGS, ...Object.keys(metadata)]) delete env[name];
  return { ...env, ...Object.fromEntries(Object.entries(metadata).filter(([, value]) => isValue(value))) };
}

function isValue(text: string): boolean {
  return !text.includes('\0') && Buffer.byteLength(text) <= MAX_VALUE_BYTES;
}
