import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildMetadata } from './metadata.ts';
import { readMetadataFile } from './metadata-file.ts';

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dev-chain-'));
  path = join(directory, 'metadata');
});
afterAll(() => rm(directory, { recursive: true }));

const read = async (content: Uint8Array | string) => {
  await writeFile(path, content);
  return readMetadataFile(path);
};
const hex = buildMetadata();

describe('a file of metadata', () => {
  it.each([
    ['bytes', Buffer.from(hex.slice(2), 'hex')],
    ['hex', hex],
    ['a line of hex', `${hex}\n`],
    ['a JSON string', JSON.stringify(hex.toUpperCase().replace('0X', '0x'))],
  ])('may be %s, and is served unchanged', async (_, content) => {
    expect((await read(content)).metadata).toBe(hex);
  });

  it.each([
    ['nothing', '', 'metadata: no metadata'],
    ['text', 'meta', 'metadata'],
    ['hex of something else', '0xdeadbeef', 'no metadata: neither its bytes nor 0x6d657461… in hex'],
    ['hex with an odd digit', `${hex}0`, 'no metadata'],
    ['half of it', hex.slice(0, hex.length / 2), 'metadata'],
    ['an unknown version', '0x6d657461ff', 'metadata'],
  ])('is refused by name when it is %s', async (_, content, fault) => {
    await expect(read(content)).rejects.toThrow(`${path.slice(0, -'metadata'.length)}`);
    await expect(read(content)).rejects.toThrow(fault);
  });
});
