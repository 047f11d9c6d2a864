import { readFile, stat } from 'node:fs/promises';
import type { ReadFile } from './config.ts';

const READ_BY_OTHERS = 0o004;
/** Where a container finds its secrets: nobody else is in there. */
const CONTAINER_SECRETS = '/run/secrets/';

/** Reads a file that may hold a secret, and looks who else may. */
export const readSecretFile: ReadFile = async (path) => {
  const [text, { mode }] = [await readFile(path, 'utf8'), await stat(path)];
  return { text, isPublic: (mode & READ_BY_OTHERS) !== 0 && !path.startsWith(CONTAINER_SECRETS) };
};
