import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Which rooms a room may import; what is not named here (test, demo, bench, scripts, fuzz) may import any. */
const ALLOWED: Record<string, readonly string[]> = {
  proto: [],
  chain: ['proto'],
  'durable-objects': ['proto'],
  workers: ['durable-objects', 'chain', 'proto'],
  'local-peer': ['chain', 'proto'],
  'dev-chain': ['proto'],
  // Black box: of our sides of the wire it knows the protocol, and the development twins' keys.
  conformance: ['dev-chain', 'proto'],
  'local-relay': ['durable-objects', 'proto'],
};
const ROOMS = [...Object.keys(ALLOWED), 'demo', 'test', 'bench', 'scripts', 'fuzz'];

/** The part of the peer between Redis and socket: a direct client can be made of it. */
const PEER_CORE =
  /^local-peer\/(answers|awaited|clock|downstream|faults|lanes|messages|ports|protocol|repeats|replies|rounds|sending|serving|upstream|version|plugins\/\w+)\.ts$/;
const NOT_IN_CORE = /^(redis|pino|pino-pretty|commander|ws|@polkadot\/)/;

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?(?:from\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
const MULTILINE = /\{[^{}]*\}/g;

/** What a source file imports, as written. */
export function importsOf(source: string): string[] {
  const flat = source.replace(MULTILINE, (braces) => braces.replaceAll('\n', ' '));
  return [...flat.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic ?? '');
}

/** What is wrong about one import; undefined when nothing is. Paths from the repository's root. */
export function layerFault(file: string, imported: string): string | undefined {
  if (!imported.startsWith('.')) {
    return PEER_CORE.test(file) && NOT_IN_CORE.test(imported)
      ? `${file}: the peer's core must not import ${imported}`
      : undefined;
  }
  const target = normalize(join(dirname(file), imported));
  const [from = '', to = ''] = [file, target].map((path) => path.split('/')[0] ?? '');
  const allowed = ALLOWED[from];
  if (PEER_CORE.test(file) && /^(chain|local-peer\/(redis|relays|twins))\//.test(target)) {
    return `${file}: the peer's core must not import ${target}`;
  }
  if (from === to) return undefined;
  if (allowed === undefined || allowed.includes(to)) return undefined;
  return `${file}: ${from} must not import ${target}`;
}

/** Cycles in a graph of imports, each as a path that ends where it began. */
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

/** Reads all sources. @throws naming each import that crosses a wall, and each cycle */
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
      valueImports(source).map((each) => normalize(join(dirname(file), each))),
    );
    // Tests stand beside their file and may use the rig.
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

/** Relative imports that exist at run time: types make no cycle. */
function valueImports(source: string): string[] {
  return importsOf(source.replace(/(?:^|\n)\s*(?:import|export) type [^;]*;/g, '\n')).filter((each) =>
    each.startsWith('.'),
  );
}
