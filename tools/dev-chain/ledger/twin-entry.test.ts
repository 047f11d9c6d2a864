import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devEntries, readTwinFile, type TwinEntry } from './twin-entry.ts';

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dev-chain-'));
  path = join(directory, 'twins.json');
});
afterAll(() => rm(directory, { recursive: true }));

const good: TwinEntry = { id: 1, account: `0x${'aa'.repeat(32)}`, relay: 'a.example', pk: `0x${'02'.repeat(33)}` };
const other: TwinEntry = { id: 0xffff_ffff, account: `0x${'bb'.repeat(32)}`, relay: null, pk: null };
const read = async (content: unknown) => {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readTwinFile(path);
};

describe('a file of twins', () => {
  it('is read unchanged', async () => {
    expect(await read([good, other])).toEqual([good, other]);
    expect(await read([])).toEqual([]);
  });

  it.each([
    ['text that is no JSON', '{', 'twins.json: no JSON'],
    ['one that is no list', good, 'twins.json: Invalid input'],
    ['twin 0', [{ ...good, id: 0 }], 'twins.json: 0.id: '],
    ['an id past u32', [other, { ...good, id: 2 ** 32 }], 'twins.json: 1.id: '],
    ['a short account', [{ ...good, account: '0xaa' }], '0.account: must be 32 bytes'],
    ['a pk of 32 bytes', [{ ...good, pk: good.account }], '0.pk: must be 33 bytes'],
    ['a missing relay', [{ id: 1, account: good.account, pk: null }], '0.relay: '],
    ['an id that is there twice', [good, { ...other, id: 1 }], '1.id: is there twice'],
    ['an account with two twins', [good, { ...other, account: good.account }], '1.account: is there twice'],
  ])('with %s is refused, naming the fault', async (_, content, fault) => {
    await expect(read(content)).rejects.toThrow(fault);
  });
});

describe('the development twins', () => {
  it('fit into such a file: six, three of them with an encryption key', async () => {
    const entries = await devEntries();
    expect(await read(entries)).toEqual(entries);
    expect(entries.map(({ id, pk }) => [id, pk !== null])).toEqual([1, 2, 3, 4, 5, 6].map((id) => [id, id <= 3]));
  });
});
