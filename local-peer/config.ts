import type { KeyType } from '../proto/key-type.ts';
import { miniSecret } from '../proto/seed.ts';
import type { Admission } from './admission.ts';
import type { RunCommand } from './config/command-line.ts';
import { readEnvironment } from './config/environment.ts';
import { readFileLayer } from './config/file.ts';
import { type Layer, strongest, UsageError } from './config/layers.ts';
import { MASK, maskPath, maskUrl, secretsOf } from './config/mask.ts';
import { SETTINGS, SETTINGS_SCHEMA, type SettingName, variableOf } from './config/table.ts';
import { systemFault } from './system-fault.ts';

/** What a peer is started with. `secret` is never logged. */
export interface PeerConfig {
  /** Words, or a 0x seed. */
  readonly secret: string;
  readonly keyType: KeyType;
  readonly redis: string;
  readonly substrate: readonly string[];
  readonly relays: readonly string[];
  /** Whether our twin on chain is brought up to date. */
  readonly update: boolean;
  /** Whether the relays that stand on chain stay there beside ours. */
  readonly keepRelays: boolean;
  /** Whether our twin on chain is written again when another program has changed it. */
  readonly keepOnChain: boolean;
  /** Who may call what here. */
  readonly admission: Admission;
}

/** What the daemon around the peer is started with, too. */
export interface Settings {
  readonly peer: PeerConfig;
  readonly level: 'info' | 'debug' | 'trace';
  /** Where the status is served; absent: nowhere. */
  readonly status: { readonly host: string; readonly port: number } | undefined;
  /** What must appear nowhere. */
  readonly secrets: readonly string[];
  /** What the person who starts it should know. */
  readonly warnings: readonly string[];
}

/** A text file, or its failure, and whether others may read it. */
export type ReadFile = (path: string) => Promise<{ readonly text: string; readonly isPublic: boolean }>;

/** What was asked for, before it is checked. */
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

/** Puts flags, environment, file and defaults over each other. @throws UsageError naming the source that is wrong */
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

/** Makes settings of what was gathered. @throws UsageError naming the source that is wrong, never its value */
export async function settle({ layer, warnings }: Gathered, readFile: ReadFile): Promise<Settings> {
  const values = parse(layer);
  if (values['no-update'] && values['keep-on-chain']) {
    const [never, again] = [layer.get('no-update')?.from, layer.get('keep-on-chain')?.from];
    throw new UsageError(`${again} writes our twin on chain, ${never} forbids that: leave one of them out`);
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
    status: values.status,
    secrets: [secret, ...[redis, ...substrate, ...relays].flatMap(secretsOf)],
    warnings: file?.isPublic ? [...warnings, `${path} ${OPEN_TO_ALL}`] : warnings,
  };
}

/** Where the chain is: all that a question without a secret needs. @throws UsageError as `settle` does */
export function settleChain({ layer }: Gathered): Pick<PeerConfig, 'substrate'> & Pick<Settings, 'secrets' | 'level'> {
  const { substrate, debug } = parse(layer);
  return { substrate, secrets: substrate.flatMap(secretsOf), level: levelOf(debug) };
}

/** How much is said for so many `-d`. */
function levelOf(debug: number): Settings['level'] {
  return debug === 0 ? 'info' : debug === 1 ? 'debug' : 'trace';
}

const OPEN_TO_ALL = 'holds the secret and can be read by others on this machine: chmod 600';
const SEEN_BY_ALL =
  'holds a secret, and others on this machine can read the flags of a process: use a file or a variable';

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

/** Whether a flag's value shows what nobody should see. */
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
