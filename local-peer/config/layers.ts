import type { SettingName } from './table.ts';

/** Sources of values, strongest first. */
type Origin = 'flag' | 'variable' | 'file' | 'default';

/** A setting with its source. */
export interface Given {
  readonly texts: readonly string[];
  readonly origin: Origin;
  /** For people: `--redis`, `RMB_REDIS`, `/etc/rmb-peer.toml:3: redis`. */
  readonly from: string;
}

/** Settings of one source; the next source decides the rest. */
export type Layer = ReadonlyMap<SettingName, Given>;

/** A wrong argument or setting: the message names the source and the expected form. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Two settings of one thing: the secret itself, or its file. */
const SECRET = ['mnemonic', 'mnemonic-file'] as const;

/**
 * Returns each setting from its strongest source.
 * @param layers strongest first
 * @throws UsageError when one layer gives the secret in both ways: neither may win silently
 */
export function strongest(layers: readonly Layer[]): Layer {
  const merged = new Map<SettingName, Given>();
  for (const layer of layers) {
    const [direct, file] = SECRET.map((name) => layer.get(name));
    if (direct !== undefined && file !== undefined) {
      throw new UsageError(`${direct.from} and ${file.from}: give the secret once`);
    }
    const isSecretKnown = SECRET.some((name) => merged.has(name));
    for (const [name, given] of layer) {
      const isSecret = SECRET.some((each) => each === name);
      if (merged.has(name) || (isSecret && isSecretKnown)) continue;
      merged.set(name, given);
    }
  }
  return merged;
}
