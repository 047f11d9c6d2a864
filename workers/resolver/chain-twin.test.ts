import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readTwin } from './chain-twin.ts';

const { twins } = z
  .object({ twins: z.array(z.object({ scale: z.string() })) })
  .parse(JSON.parse(readFileSync(new URL('../../test/vectors/chain.json', import.meta.url), 'utf8')));
/** The vector of twin 42, relay.grid.tf. */
const TWIN_42 = twins[1]?.scale ?? '';

/** Nodes by URL, each behaving in its way. */
const nodes: Record<string, (signal: AbortSignal) => Promise<string | null>> = {
  'http://good': async () => TWIN_42,
  'http://empty': async () => null,
  'http://nonsense': async () => '0x0102',
  'http://broken': () => Promise.reject(new Error('connection refused')),
  'http://hanging': () => new Promise(() => undefined),
};
const ask = (urls: string[], id = 42) =>
  readTwin(urls, id, (url, _, signal) => nodes[url]?.(signal) ?? Promise.reject(new Error('?')));

describe('readTwin', () => {
  it.each([
    ['alone', ['http://good']],
    ['beside a broken node', ['http://broken', 'http://good']],
    ['beside a hanging node', ['http://hanging', 'http://good']],
    ['beside one that talks nonsense', ['http://nonsense', 'http://good']],
    ['beside one that lags behind', ['http://empty', 'http://good']],
  ])('finds a twin: a good node %s', async (_, urls) => {
    expect(await ask(urls)).toMatchObject({ found: { id: 42, relay: 'relay.grid.tf' } });
  });

  it('says unknown when somebody says so and nobody else knows better', async () => {
    expect(await ask(['http://empty'])).toEqual({ unknown: true });
    expect(await ask(['http://broken', 'http://empty', 'http://nonsense'])).toEqual({ unknown: true });
  });

  it('names what is wrong with each node, by host only', async () => {
    const answer = await readTwin(['http://broken/secret-key', 'http://hanging'], 42, async (url) => {
      if (url.includes('broken')) throw new Error('connection refused');
      return new Promise(() => undefined);
    });
    expect(answer).toEqual({
      unavailable: 'the chain is out of reach (broken: connection refused; hanging: no answer in time)',
    });
  });

  it('takes no other twin for the one it asked for', async () => {
    expect(await ask(['http://good'], 43)).toMatchObject({ unavailable: expect.stringContaining('twin 42') });
  });
});
