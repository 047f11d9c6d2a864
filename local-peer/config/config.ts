import { MASK, maskPath, maskUrl, secretsOf } from '../../client/mask.ts';
import type { Admission } from '../../client/serving/admission.ts';
import { systemFault } from '../../client/system-fault.ts';
import type { KeyType } from '../../proto/crypto/key-type.ts';
import { miniSecret } from '../../proto/crypto/seed.ts';
import type { RunCommand } from './command-line.ts';
import { readEnvironment } from './environment.ts';
import { readFileLayer } from './file.ts';
import { type Layer, strongest, UsageError } from './layers.ts';
import { SETTINGS, SETTINGS_SCHEMA, type SettingName, variableOf } from './table.ts';

/** Settings of a peer. `secret` is never logged. */
export interface PeerConfig {
  /** Words, or a 0x seed. */
  readonly secret: string;
  readonly keyType: KeyType;
  readonly redis: string;
  readonly substrate: readonly string[];
  readonly relays: readonly string[];
  /** Whether the peer writes its relays and key on chain. */
  readonly update: boolean;
  /** Whether other relays on chain stay there. */
  readonly keepRelays: boolean;
  /** Whether the peer writes its twin again after another program changed it. */
  readonly keepOnChain: boolean;
  /** Which twins may call which commands. */
  readonly admission: Admission;
}

/** Settings of the daemon. */
export interface Settings {
  readonly peer: PeerConfig;
  readonly level: 'info' | 'debug' | 'trace';
  /** Paths of plugins. */
  readonly plugins: readonly string[];
  /** Address of the status server; absent: none. */
  readonly status: { readonly host: string; readonly port: number } | undefined;
  /** Texts that must appear nowhere. */
  readonly secrets: readonly string[];
  /** Warnings for the operator. */
  readonly warnings: readonly string[];
}

/** Reads a text file, and whether other users may read it. */
export type ReadFile = (path: string) => Promise<{ readonly text: string; readonly isPublic: boolean }>;

/** Settings before they are checked. */
export interface Gathered {
  readonly layer: Layer;
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULTS: Layer = new Map(
  SETTINGS.flatMap(({ name, fallback }) =>
    fallback === undefined ? [] : [[name, { texts: fallback, origin: 'default', from: 'default' } as const]],
  ),
);

/** Merges flags, environment, file and defaults. @throws UsageError that names the wrong source */
export async function gather(command: RunCommand, env: Environment, readFile: ReadFile): Promise<Gathered> {
  const variable = variableOf('config');
  const named = command.configFile ?? (env[variable] || undefined);
  const file =
    named === undefined ? undefined : await read(command.configFile ? '--config' : variable, named, readFile);
  const fromFile: Layer = named === undefined || file === undefined ? new Map() : readFileLayer(named, file.text);
  const layer = strongest([command.layer, readEnvironment(env), fromFile, DEFAULTS]);
  const warnings = [...command.warnings];
  if (file?.isPublic && fromFile.has('mnemonic')) warnings.push(`${named} ${OPEN_TO_ALL}`);
  for (const [name, { origin, from }] of layer) {
    if (origin === 'flag' && isTelling(name, layer)) warnings.push(`${from} ${SEEN_BY_ALL}`);
    if (name === 'uploads') warnings.push(`${from}: ignored, this peer takes no uploads`);
  }
  return { layer, warnings };
}

/** Checks gathered settings. @throws UsageError that names the wrong source, never its value */
export async function settle({ layer, warnings }: Gathered, readFile: ReadFile): Promise<Settings> {
  const values = parse(layer);
  if (values['no-update'] && values['keep-on-chain']) {
    const [never, again] = [layer.get('no-update')?.from, layer.get('keep-on-chain')?.from];
    throw new UsageError(`${again} writes the twin on chain, ${never} forbids it: remove one of them`);
  }
  const path = values['mnemonic-file'];
  const from = layer.get(path === undefined ? 'mnemonic' : 'mnemonic-file')?.from ?? '';
  const file = path === undefined ? undefined : await read(from, path, readFile);
  const secret = checkSecret(from, file?.text ?? values.mnemonic);
  const { redis, substrate, relay: relays, debug } = values;
  return {
    peer: {
      secret,
      keyType: values['key-type'],
      redis,
      substrate,
      relays,
      update: !values['no-update'],
      keepRelays: values['keep-relays'],
      keepOnChain: values['keep-on-chain'],
      admission: {
        ...(values.allow === undefined ? {} : { allow: values.allow }),
        ...(values['allow-for'] === undefined ? {} : { allowFor: values['allow-for'] }),
        ...(values.served === undefined ? {} : { served: new Set(values.served) }),
        requireCipher: values['require-cipher'],
      },
    },
    level: levelOf(debug),
    plugins: values.plugin,
    status: values.status,
    secrets: [secret, ...[redis, ...substrate, ...relays].flatMap(secretsOf)],
    warnings: file?.isPublic ? [...warnings, `${path} ${OPEN_TO_ALL}`] : warnings,
  };
}

/** Checks only the settings of the chain, for a question without a secret. @throws UsageError as `settle` */
export function settleChain({ layer }: Gathered): Pick<PeerConfig, 'substrate'> & Pick<Settings, 'secrets' | 'level'> {
  const { substrate, debug } = parse(layer);
  return { substrate, secrets: substrate.flatMap(secretsOf), level: levelOf(debug) };
}

/** Checks only the address of Redis, for a question to the daemon. @throws UsageError as `settle` */
export function settleRedis({ layer }: Gathered): Pick<PeerConfig, 'redis'> & Pick<Settings, 'secrets' | 'level'> {
  const { redis, debug } = parse(layer);
  return { redis, secrets: secretsOf(redis), level: levelOf(debug) };
}

/** Returns the log level for a number of `-d`. */
function levelOf(debug: number): Settings['level'] {
  return debug === 0 ? 'info' : debug === 1 ? 'debug' : 'trace';
}

const OPEN_TO_ALL = 'contains the secret, and other users of this machine can read it: chmod 600';
const SEEN_BY_ALL =
  'contains a secret, and other users of this machine can read the flags of a process: use a file or a variable';

function parse(layer: Layer) {
  const parsed = SETTINGS_SCHEMA.safeParse(Object.fromEntries([...layer].map(([name, { texts }]) => [name, texts])));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [name, place] = issue?.path ?? [];
  const given = [...layer].find(([each]) => each === name)?.[1];
  const which = typeof place === 'number' && (given?.texts.length ?? 0) > 1 ? `value ${place + 1} ` : '';
  throw new UsageError(`${given?.from ?? `--${String(name)}`}: ${which}${issue?.message}`);
}

function checkSecret(from: string, text: string | undefined): string {
  if (text === undefined) {
    throw new UsageError(
      'no secret is given: name its file with --mnemonic-file or RMB_MNEMONIC_FILE, or give the secret itself in RMB_MNEMONIC, or as mnemonic in the configuration file',
    );
  }
  const secret = text.trim();
  const seed = miniSecret(secret);
  if (!seed.ok) throw new UsageError(`${from}: ${seed.error.detail}`);
  return secret;
}

/** Returns whether a flag's value contains a secret. */
function isTelling(name: SettingName, layer: Layer): boolean {
  if (name === 'mnemonic') return true;
  const isUrl = name === 'redis' || name === 'substrate' || name === 'relay';
  return isUrl && (layer.get(name)?.texts ?? []).some((text) => maskUrl(text).includes(MASK));
}

async function read(from: string, path: string, readFile: ReadFile): ReturnType<ReadFile> {
  try {
    return await readFile(path);
  } catch (error) {
    const why = systemFault(error) ?? 'it cannot be opened';
    throw new UsageError(`${from}: ${maskPath(path)} cannot be read: ${why}`);
  }
}
