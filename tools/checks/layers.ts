import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The folders that a folder may import. A folder without an entry (test, and the other tools) may import any. */
const ALLOWED: Record<string, readonly string[]> = {
  proto: [],
  client: ['proto'],
  'durable-objects': ['proto'],
  workers: ['durable-objects', 'proto'],
  'local-peer': ['client', 'proto'],
  // The bridge decides; Redis, sockets and the chain reach it through its ports.
  'local-peer/bridge': ['client/*', 'client/receiving', 'client/sending', 'client/serving', 'client/session', 'proto'],
  'tools/dev-chain': ['proto'],
  // A black-box suite: it knows the protocol, the keys of the development twins, and the bare session, which checks
  // nothing. A copy of that session would drift.
  'tools/conformance': ['tools/dev-chain', 'client/session', 'proto'],
  'tools/local-relay': ['durable-objects', 'proto'],
};
const ROOMS = ['proto', 'client', 'durable-objects', 'workers', 'local-peer', 'tools', 'test'];

/** Folders whose files import no packages. */
const WITHOUT_PACKAGES = /^local-peer\/bridge\//;

const IMPORT =
  /(?:^|\n)\s*(?:(?:import|export)\b[^'"\n;]*?\bfrom\s*|import\s*)['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
const MULTILINE = /\{[^{}]*\}/g;

/** Returns the imports of a source file, as written. */
export function importsOf(source: string): string[] {
  const flat = source.replace(MULTILINE, (braces) => braces.replaceAll('\n', ' '));
  return [...flat.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic ?? '');
}

/** Returns the fault of one import, or undefined. Paths are from the repository's root. */
export function layerFault(file: string, imported: string): string | undefined {
  if (!imported.startsWith('.')) {
    const isForbidden = WITHOUT_PACKAGES.test(file) && !imported.startsWith('node:');
    return isForbidden ? `${file}: must not import the package ${imported}` : undefined;
  }
  const target = normalize(join(dirname(file), imported));
  const folder = folderOf(file);
  // A package's file that the package does not export is imported by its path.
  if (folder === undefined || isIn(target, folder) || isIn(target, 'node_modules')) return undefined;
  const isAllowed = (ALLOWED[folder] ?? []).some((each) => isIn(target, each));
  return isAllowed ? undefined : `${file}: ${folder} must not import ${target}`;
}

/** Returns the longest folder of the table that contains the file. */
function folderOf(file: string): string | undefined {
  const folders = Object.keys(ALLOWED).filter((folder) => isIn(file, folder));
  return folders.sort((a, b) => b.length - a.length)[0];
}

/** `folder` contains everything below it; `folder/*` only its own files. */
function isIn(path: string, folder: string): boolean {
  return folder.endsWith('/*') ? dirname(path) === folder.slice(0, -2) : path.startsWith(`${folder}/`);
}

/** Returns the cycles of a graph of imports, each as a path that ends at its start. */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

/** Reads all sources. Throws naming each forbidden import and each cycle. */
export async function checkLayers(): Promise<void> {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  for await (const path of glob(
    ROOMS.map((room) => `${room}/**/*.ts`),
    { cwd: ROOT, exclude: (name) => name.includes('node_modules') },
  )) {
    const file = relative(ROOT, join(ROOT, path));
    const source = await readFile(join(ROOT, file), 'utf8');
    const imports = importsOf(source);
    graph.set(
      file,
      imports.filter((each) => each.startsWith('.')).map((each) => normalize(join(dirname(file), each))),
    );
    // Tests are beside their file and may use the rig.
    if (/\.test\.ts$/.test(file)) continue;
    for (const each of imports) {
      const fault = layerFault(file, each);
      if (fault !== undefined) faults.push(fault);
    }
  }
  for (const cycle of cyclesOf(graph)) faults.push(`cycle: ${cycle.join(' > ')}`);
  if (graph.size === 0) faults.push('no sources found');
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
