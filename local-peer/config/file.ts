import { parse, TomlError } from 'smol-toml';
import { type Given, type Layer, UsageError } from './layers.ts';
import { SETTINGS, type SettingName } from './table.ts';

/**
 * Reads a configuration file in TOML; its keys are the flags without their dashes.
 * @param path for errors
 * @throws UsageError that names the line, never its text: it may be the secret
 */
export function readFileLayer(path: string, content: string): Layer {
  const layer = new Map<SettingName, Given>();
  for (const [key, value] of Object.entries(parseToml(path, content))) {
    const at = `${path}:${lineOf(content, key)}`;
    const setting = SETTINGS.find(({ name }) => name === key);
    if (setting === undefined) {
      throw new UsageError(`${at}: there is no such setting; there are ${SETTINGS.map(({ name }) => name).join(', ')}`);
    }
    const from = `${at}: ${key}`;
    layer.set(setting.name, { texts: textsOf(from, value), origin: 'file', from });
  }
  return layer;
}

function parseToml(path: string, content: string): object {
  try {
    return parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Only the place: the library's message quotes the line.
    throw new UsageError(`${path}:${error.line}: invalid TOML at column ${error.column}`);
  }
}

function textsOf(from: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((each) => {
    if (typeof each === 'string') return each;
    if (typeof each === 'boolean' || typeof each === 'number') return String(each);
    throw new UsageError(`${from}: must be a text, a number, true or false, or a list of texts`);
  });
}

/** Returns the line of a key, from 1. */
function lineOf(content: string, key: string): number {
  return content.split('\n').findIndex((line) => /^[\s[]*["']?([\w-]+)/.exec(line)?.[1] === key) + 1;
}
