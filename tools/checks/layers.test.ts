import { describe, expect, it } from 'vitest';
import { cyclesOf, importsOf, layerFault } from './layers.ts';

describe('importsOf', () => {
  it('finds imports of every form', () => {
    const source = `import a from './a.ts';\nimport {\n  b,\n  c,\n} from './b.ts';\nimport type { D } from "d";\nimport './e.ts';\nexport { f } from './f.ts';\nconst g = await import('./g.ts');`;
    expect(importsOf(source)).toEqual(['./a.ts', './b.ts', 'd', './e.ts', './f.ts', './g.ts']);
  });
});

describe('layerFault', () => {
  it.each([
    ['proto/a.ts', '../workers/b.ts'],
    ['durable-objects/a.ts', '../workers/b.ts'],
    ['durable-objects/twin/a.ts', '../../local-peer/b.ts'],
    ['local-peer/a.ts', '../durable-objects/b.ts'],
    ['client/a.ts', '../local-peer/b.ts'],
    ['local-peer/bridge/upstream.ts', '../redis/json.ts'],
    ['local-peer/bridge/upstream.ts', '../../client/directory/chain.ts'],
    ['tools/conformance/a.ts', '../../workers/b.ts'],
    ['local-peer/bridge/upstream.ts', 'redis'],
  ])('refuses %s importing %s', (file, imported) => {
    expect(layerFault(file, imported)).toContain(file);
  });

  it.each([
    ['workers/a.ts', '../durable-objects/b.ts'],
    ['durable-objects/twin/a.ts', '../../proto/b.ts'],
    ['local-peer/daemon/peer.ts', '../redis/json.ts'],
    ['local-peer/bridge/upstream.ts', '../../client/errors.ts'],
    ['client/directory/chain.ts', '../../proto/chain/json-rpc.ts'],
    ['tools/bench/a.ts', '../../local-peer/b.ts'],
    ['test/a.test.ts', '../local-peer/b.ts'],
    ['proto/a.ts', '@noble/curves'],
    ['workers/verify.ts', '../node_modules/a/b.wasm'],
  ])('lets %s import %s', (file, imported) => {
    expect(layerFault(file, imported)).toBeUndefined();
  });
});

describe('cyclesOf', () => {
  it('finds a cycle, and nothing in a graph without one', () => {
    expect(
      cyclesOf(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual([['b', 'c', 'b']]);
    expect(
      cyclesOf(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
          ['c', []],
        ]),
      ),
    ).toEqual([]);
  });
});
