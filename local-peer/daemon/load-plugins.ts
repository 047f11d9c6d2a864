import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '../../client/serving/plugin.ts';
import { UsageError } from '../config/layers.ts';

/** Loads plugins: the default export of each module. Throws a `UsageError` that names the file, and what is wrong. */
export async function loadPlugins(paths: readonly string[]): Promise<readonly Plugin[]> {
  return Promise.all(paths.map(load));
}

async function load(path: string): Promise<Plugin> {
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(
      `--plugin: ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (isPlugin(module.default)) return module.default;
  throw new UsageError(
    `--plugin: ${path} must export a plugin by default: an object with a name of one word, and a function 'remote' or 'local'`,
  );
}

function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null || !('name' in value)) return false;
  const { name } = value;
  const handlers = ['remote' in value ? value.remote : undefined, 'local' in value ? value.local : undefined].filter(
    (each) => each !== undefined,
  );
  const areFunctions = handlers.length > 0 && handlers.every((each) => typeof each === 'function');
  return areFunctions && typeof name === 'string' && name !== '' && !name.includes('.');
}
