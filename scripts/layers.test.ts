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
    ['local-peer/upstream.ts', './redis/json.ts'],
    ['local-peer/upstream.ts', '../chain/json-rpc.ts'],
    ['local-peer/upstream.ts', 'redis'],
  ])('refuses %s importing %s', (file, imported) => {
    expect(layerFault(file, imported)).toContain(file);
  });

  it.each([
    ['workers/a.ts', '../durable-objects/b.ts'],
    ['durable-objects/twin/a.ts', '../../proto/b.ts'],
    ['local-peer/peer.ts', './redis/json.ts'],
    ['local-peer/twins/chain.ts', '../../chain/json-rpc.ts'],
    ['test/a.test.ts', '../local-peer/b.ts'],
    ['proto/a.ts', '@noble/curves'],
  ])('lets %s import %s', (file, imported) => {
    expect(layerFault(file, imported)).toBeUndefined();
  });
});

describe('cyclesOf', () => {
  it('finds a cycle, and none where there is none', () => {
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
