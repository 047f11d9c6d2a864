import { MASK, maskPath, maskUrl } from '../../client/mask.ts';
import type { Layer } from './layers.ts';
import { SETTINGS, type SettingName } from './table.ts';

/** Returns the settings in force as a configuration file, with the source of each and without secrets. */
export function printConfig(layer: Layer): string {
  const lines: string[] = [];
  for (const { name, kind, isHidden } of SETTINGS) {
    const given = layer.get(name);
    if (given === undefined) {
      if (!isHidden) lines.push(`# ${name} is not set`);
      continue;
    }
    const values = given.texts.map((text) => literal(name, kind, text));
    const value = kind === 'list' ? `[${values.join(', ')}]` : (values.at(-1) ?? '""');
    const where = given.origin === 'file' ? given.from.replace(/: [\w-]+$/, '') : given.from;
    lines.push(`${name} = ${value}  # ${where}`);
  }
  return lines.join('\n');
}

/** Returns a TOML literal: basic strings have the form of JSON's. */
function literal(name: SettingName, kind: string, text: string): string {
  if (kind === 'switch' && /^(?:true|false)$/.test(text)) return text;
  if (kind === 'count' && /^\d$/.test(text)) return text;
  return JSON.stringify(masked(name, text));
}

function masked(name: SettingName, text: string): string {
  if (name === 'mnemonic') return MASK;
  if (name === 'mnemonic-file') return maskPath(text);
  return name === 'redis' || name === 'substrate' || name === 'relay' ? maskUrl(text) : text;
}
