import { describe, expect, test } from 'vitest';
import { twinStorageKey } from '../../chain/storage-key.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import { chainVectors } from '../../test/rig/chain-vectors.ts';
import type { Connect } from './answers.ts';
import { ChainTwins } from './chain-twins.ts';
import { ChainNodes } from './nodes.ts';

const TWIN_42 = chainVectors.twins[1]?.scale;

/** Nodes that answer at once, by URL; the URLs asked, in order, and what for. */
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
  test('each URL is spoken to by its scheme, in order, until one answers', async () => {
    const { asked, chain } = nodes('wss://a/k, http://b\nws://c https://d', { 'https://d': ok(TWIN_42) });
    const read = await chain.read(42, 2000);
    expect(read.ok && read.value?.relay).toBe('relay.grid.tf');
    expect(asked).toEqual(['ws wss://a/k', 'http http://b', 'ws ws://c', 'http https://d']);
  });

  test('who answered last is asked first', async () => {
    const { asked, chain } = nodes('http://a,http://b', { 'http://b': ok(TWIN_42) });
    await chain.read(42, 2000);
    await chain.read(42, 2000);
    expect(asked).toEqual(['http http://a', 'http http://b', 'http http://b']);
  });

  test('nonsense, and another twin than asked for, is left for the next node', async () => {
    const { chain } = nodes('http://a,http://b,http://c', {
      'http://a': ok('0x00'),
      'http://b': ok(TWIN_42),
      'http://c': ok(null),
    });
    expect(await chain.read(7, 2000)).toEqual(ok(undefined));
  });

  test('the error says what each node did, and shows no more of a URL than its host', async () => {
    const { chain } = nodes('http://a:1/secret-key,ws://user:secret@b,ftp://c', {
      'http://a:1/secret-key': ok(TWIN_42),
    });
    expect(await chain.read(7, 2000)).toEqual(err('http://a:1: it answered with twin 42; ws://b: not reachable'));
  });

  test('a block to read at is named to the node', async () => {
    const { params, chain } = nodes('http://a', { 'http://a': ok(TWIN_42) });
    await chain.read(42, 2000, '0xabcd');
    expect(params).toEqual([[twinStorageKey(42), '0xabcd']]);
  });

  test('no usable URL is a named error', async () => {
    const { chain } = nodes('ftp://c,nonsense', {});
    expect(await chain.read(7, 2000)).toEqual(err('SUBSTRATE_URLS names no http(s) or ws(s) URL'));
  });
});
