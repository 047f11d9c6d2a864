import type { SettingName } from './table.ts';

/** Where a value came from, strongest first. */
type Origin = 'flag' | 'variable' | 'file' | 'default';

/** A setting as somebody gave it. */
export interface Given {
  readonly texts: readonly string[];
  readonly origin: Origin;
  /** As people know it: `--redis`, `RMB_REDIS`, `/etc/rmb-peer.toml:3: redis`. */
  readonly from: string;
}

/** What one source says; what it does not mention the next one decides. */
export type Layer = ReadonlyMap<SettingName, Given>;

/** The peer was asked for something that cannot be: the message names where, and what it must be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Two ways to say one thing: the secret itself, or where it is. */
const SECRET = ['mnemonic', 'mnemonic-file'] as const;

/**
 * The strongest word on each setting.
 * @param layers strongest first
 * @throws UsageError when one layer gives the secret in both ways: nobody knows which was meant
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
