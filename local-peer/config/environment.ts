import type { Given, Layer } from './layers.ts';
import { SETTINGS, type SettingName, variableOf } from './table.ts';

/** Reads settings from the environment: `RMB_REDIS` for `--redis`, lists separated by commas or spaces. Empty counts as not set. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Layer {
  const layer = new Map<SettingName, Given>();
  for (const { name, kind } of SETTINGS) {
    const from = variableOf(name);
    const value = env[from]?.trim() ?? '';
    if (value === '') continue;
    const texts = kind === 'list' ? value.split(/[\s,]+/).filter((part) => part !== '') : [value];
    layer.set(name, { texts, origin: 'variable', from });
  }
  return layer;
}
