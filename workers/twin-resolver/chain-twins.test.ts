import { describe, expect, test } from 'vitest';
import { twinStorageKey } from '../../proto/chain/storage-key.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import { chainVectors } from '../../test/rig/chain/chain-vectors.ts';
import { type Connect, tooLong } from './answers.ts';
import { ChainTwins } from './chain-twins.ts';
import { ChainNodes } from './nodes.ts';

const TWIN_42 = chainVectors.twins[1]?.scale;

/** Nodes that answer at once, by URL. Records the URLs and parameters of the calls. */
function nodes(urls: string, answers: Record<string, Result<unknown, string>>) {
  const asked: string[] = [];
  const params: unknown[] = [];
  const connect =
    (kind: string): Connect =>
    async (url, _signal, work) =>
      await work(async ([call]) => {
        asked.push(`${kind} ${url}`);
        params.push(call?.params);
        const answer = answers[url] ?? err('not reachable');
        return answer.ok ? ok([answer.value]) : answer;
      });
  const chain = new ChainTwins(new ChainNodes(urls, { http: connect('http'), ws: connect('ws') }));
  return { asked, params, chain, answers };
}

describe('ChainTwins', () => {
  test('asks each URL by its scheme, in order, until one answers', async () => {
    const { asked, chain } = nodes('wss://a/k, http://b\nws://c https://d', { 'https://d': ok(TWIN_42) });
    const read = await chain.read(42, 2000);
    expect(read.ok && read.value?.relay).toBe('relay.grid.tf');
    expect(asked).toEqual(['ws wss://a/k', 'http http://b', 'ws ws://c', 'http https://d']);
  });

  test('asks the node that answered last first', async () => {
    const { asked, chain } = nodes('http://a,http://b', { 'http://b': ok(TWIN_42) });
    await chain.read(42, 2000);
    await chain.read(42, 2000);
    expect(asked).toEqual(['http http://a', 'http http://b', 'http http://b']);
  });

  test('asks the next node after an invalid answer or another twin', async () => {
    const { chain } = nodes('http://a,http://b,http://c', {
      'http://a': ok('0x00'),
      'http://b': ok(TWIN_42),
      'http://c': ok(null),
    });
    expect(await chain.read(7, 2000)).toEqual(ok(undefined));
  });

  test('says what each node did, and shows only the host of a URL', async () => {
    const { chain } = nodes('http://a:1/secret-key,ws://user:secret@b,ftp://c', {
      'http://a:1/secret-key': ok(TWIN_42),
    });
    expect(await chain.read(7, 2000)).toEqual(err('http://a:1: it answered with twin 42; ws://b: not reachable'));
  });

  test('reads at a block', async () => {
    const { params, chain } = nodes('http://a', { 'http://a': ok(TWIN_42) });
    await chain.read(42, 2000, '0xabcd');
    expect(params).toEqual([[twinStorageKey(42), '0xabcd']]);
  });

  test('names the setting if no URL is usable', async () => {
    const { chain } = nodes('ftp://c,nonsense', {});
    expect(await chain.read(7, 2000)).toEqual(err('SUBSTRATE_URLS names no http(s) or ws(s) URL'));
  });
});

/** A node whose many twins are given by id; `bytes` is the size of each. */
function manyTwins(values: ReadonlyMap<number, unknown>, bytes = 100) {
  const asked: number[] = [];
  const connect: Connect = async (_url, _signal, work) =>
    await work(async ([call], most) => {
      const [keys] = call?.params ?? [];
      const list: unknown[] = Array.isArray(keys) ? keys : [keys];
      asked.push(list.length);
      if (list.length * bytes > most) return err(tooLong(most));
      const changes = [...values].flatMap(([id, value]) =>
        list.includes(twinStorageKey(id)) ? [[twinStorageKey(id), value]] : [],
      );
      return ok([Array.isArray(keys) ? [{ block: '0x00', changes }] : changes[0]?.[1]]);
    });
  const chain = new ChainTwins(new ChainNodes('http://a', { http: connect, ws: connect }));
  const readMany = async (ids: readonly number[]) => {
    const told = new Map<number, unknown>();
    await chain.readMany(ids, 2000, (id, answer) => void told.set(id, answer));
    return told;
  };
  return { asked, readMany };
}

describe('many twins', () => {
  test('are read by one query', async () => {
    const { asked, readMany } = manyTwins(
      new Map<number, unknown>([
        [42, TWIN_42],
        [7, null],
      ]),
    );
    const told = await readMany([42, 7]);
    expect(told.get(42)).toHaveProperty('value.relay', 'relay.grid.tf');
    expect(told.get(7)).toEqual(ok(undefined));
    expect(asked).toEqual([2]);
  });

  test('are found although one is invalid, or left out', async () => {
    const { readMany } = manyTwins(
      new Map<number, unknown>([
        [42, TWIN_42],
        [7, '0x00'],
      ]),
    );
    const told = await readMany([7, 42, 8]);
    expect(told.get(42)).toHaveProperty('ok', true);
    expect(told.get(7)).toEqual(err('its twin 7 cannot be decoded: 4 bytes expected at 0, 1 left'));
    expect(told.get(8)).toEqual(err('it left out twin 8'));
  });

  test('are an error of the node if all are invalid', async () => {
    const { readMany } = manyTwins(
      new Map<number, unknown>([
        [7, 1],
        [8, '0x00'],
      ]),
    );
    const told = await readMany([7, 8]);
    expect(told.get(8)).toEqual(err('http://a: its result is not 0x hex'));
  });

  test('are read by halves if they are too long together', async () => {
    const { asked, readMany } = manyTwins(new Map([[42, TWIN_42]]), 2 ** 19);
    const told = await readMany([1, 2, 42, 3]);
    expect(told.get(42)).toHaveProperty('ok', true);
    expect(asked).toEqual([4, 2, 2]);
  });
});
