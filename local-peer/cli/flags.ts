import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { hideSecrets } from '../../client/mask.ts';
import type { Log } from '../../client/ports.ts';
import { configOption, optionOf, settingsIn } from '../config/command-line.ts';
import { gather, type Settings, settle, settleChain, settleRedis } from '../config/config.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { SETTINGS, type SettingName } from '../config/table.ts';
import { captureConsole } from '../daemon/log.ts';
import { stderrLog } from './output.ts';

/** Settings of the daemon that a session needs, from the same flags, variables and file. */
const OF_SESSION: readonly SettingName[] = ['mnemonic', 'mnemonic-file', 'key-type', 'substrate', 'relay', 'debug'];

/** Adds the flags for the identity, the chain and the relays. */
export function addSessionFlags(command: Command): Command {
  for (const setting of SETTINGS) if (OF_SESSION.includes(setting.name)) command.addOption(optionOf(setting));
  return command.addOption(configOption());
}

/** Adds the flags for the Redis of the daemon. */
export function addRedisFlags(command: Command): Command {
  for (const setting of SETTINGS) if (setting.name === 'redis') command.addOption(optionOf(setting));
  return command.addOption(configOption());
}

/** Adds `--json`: one JSON value a line, for programs. */
export function addJsonFlag(command: Command): Command {
  return command.option('--json', 'print JSON, for programs; failures, too');
}

/** Adds `--timeout`. */
export function addTimeoutFlag(command: Command, fallback: number, what: string): Command {
  return command.option('-t, --timeout <seconds>', what, secondsOf, fallback);
}

/** Runs `run` with the settings. Hides their secrets in the errors that it throws. */
export async function withSettings<T>(command: Command, run: (settings: Settings, log: Log) => Promise<T>): Promise<T> {
  const gathered = await gather(settingsIn(command), process.env, readSecretFile);
  const settings = await settle(gathered, readSecretFile);
  const { secrets, warnings, level } = settings;
  for (const warning of warnings) process.stderr.write(`rmb-peer: ${warning}\n`);
  return hiding(secrets, () => run(settings, logFor(level, secrets)));
}

/** Does the same for a question to the chain, which needs no secret. */
export async function withChain<T>(
  command: Command,
  run: (substrate: readonly string[], log: Log) => Promise<T>,
): Promise<T> {
  const gathered = await gather(settingsIn(command), process.env, readSecretFile);
  const { substrate, secrets, level } = settleChain(gathered);
  return hiding(secrets, () => run(substrate, logFor(level, secrets)));
}

/** Does the same for a question to the daemon, which needs its Redis alone. */
export async function withRedis<T>(command: Command, run: (redis: string) => Promise<T>): Promise<T> {
  const gathered = await gather(settingsIn(command), process.env, readSecretFile);
  const { redis, secrets, level } = settleRedis(gathered);
  logFor(level, secrets);
  return hiding(secrets, () => run(redis));
}

/** Returns a command's own flags, as commander has parsed them. */
export function optionsOf<T>(command: Command, schema: z.ZodType<T>): T {
  return schema.parse(command.opts());
}

/** Reads seconds. @throws InvalidArgumentError */
export function secondsOf(text: string): number {
  return within(text, 0.001, 86_400, 'a number of seconds, up to 86400');
}

/** Reads a whole number. @throws InvalidArgumentError */
export function countOf(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = within(text, least, most, `a whole number, ${least} to ${most}`);
    if (!Number.isInteger(count)) throw new InvalidArgumentError(`It must be a whole number, ${least} to ${most}.`);
    return count;
  };
}

/** `--json` alone. */
export const jsonOption = z.object({ json: z.boolean().default(false) });

function within(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) throw new InvalidArgumentError(`It must be ${what}.`);
  return value;
}

/** Returns the command's log, which also receives the console output of libraries. */
function logFor(level: Settings['level'], secrets: readonly string[]): Log {
  const log = stderrLog(level, secrets);
  captureConsole(log);
  return log;
}

async function hiding<T>(secrets: readonly string[], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Error) error.message = hideSecrets(error.message, secrets);
    throw error;
  }
}
