import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../test/rig/redis/redis.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { gather } from '../config/config.ts';
import { UsageError } from '../config/layers.ts';
import { examine } from './run.ts';

const HOUR_MS = 3_600_000;
/** Nobody listens on this port. */
const NOBODY = 'localhost:1';
const SECRET = `0x${'01'.repeat(32)}`;
const readFile = () => Promise.reject(new Error('no test has a file'));

let chain: DevChain;
let redis: RedisServer;
beforeAll(async () => {
  [chain, redis] = await Promise.all([startDevChain({ blockTimeMs: HOUR_MS }), startRedisServer()]);
  // A fresh block: otherwise a look waits for the next one.
  chain.makeBlocks(1);
});
afterAll(() => Promise.all([chain.close(), redis.close()]));

/** Examines a peer with these settings, as variables. Its relay is not there. */
async function look(settings: Record<string, string> = {}) {
  const own = { MNEMONIC: SECRET, REDIS: redis.url, SUBSTRATE: chain.wsUrl, RELAY: `ws://${NOBODY}`, ...settings };
  const env = Object.fromEntries(Object.entries(own).map(([name, value]) => [`RMB_${name}`, value]));
  const none = { kind: 'run', layer: new Map(), configFile: undefined, isPrinting: false, warnings: [] } as const;
  const { lines, secrets } = await examine(await gather(none, env, readFile), readFile);
  const said = lines.map(({ part, what, state }) => `${state} ${part}: ${what}`);
  /** Returns the line of a part. */
  const line = (part: string, what: string) => lines.find((each) => each.part === part && each.what === what);
  return { said, line, secrets };
}

describe('examine', () => {
  it('looks at every part, although the relay is missing', async () => {
    const { said, line, secrets } = await look();
    expect(said).toContain('ok redis: writable');
    expect(said).toContain(`ok chain ${chain.wsUrl}: reachable`);
    expect(said).toContain('ok secret: key type');
    expect(said.filter((each) => each.startsWith(`fail relay ${NOBODY}`))).not.toEqual([]);
    expect(line(`relay ${NOBODY}`, 'upgrade')).toMatchObject({ state: 'skipped', detail: 'the relay does not answer' });
    expect(secrets).toContain(SECRET);
  });

  it('judges the own twin without Redis', async () => {
    const { said } = await look({ REDIS: `redis://${NOBODY}` });
    expect(said).toContain('fail redis: reachable');
    expect(said).toContain('ok secret: key type');
  });

  it('finds that the secret has the other key type', async () => {
    const { line } = await look({ KEY_TYPE: 'ed25519' });
    expect(line('secret', 'key type')).toMatchObject({
      state: 'fail',
      detail: 'ed25519: the twin of this secret, 1, has an sr25519 key',
    });
  });

  it('finds that the chain has no twin for the secret', async () => {
    const { said, line } = await look({ MNEMONIC: `0x${'77'.repeat(32)}` });
    expect(line('secret', 'key type')).toMatchObject({ state: 'skipped', detail: 'no twin to compare it with' });
    expect(said).toContain('fail twin: exists');
  });

  it('skips the twin of an invalid secret, and looks at the rest', async () => {
    const { said, line } = await look({ MNEMONIC: 'no words at all' });
    expect(line('secret', 'key type')).toMatchObject({ state: 'skipped', detail: 'invalid secret' });
    expect(said).toContain('fail secret: words');
    expect(said).toContain('ok redis: writable');
  });

  it('skips the twin when no chain answers', async () => {
    const { line } = await look({ SUBSTRATE: `ws://${NOBODY}` });
    expect(line('secret', 'key type')).toMatchObject({ state: 'skipped', detail: 'no chain node answers' });
  });

  it('refuses settings that it cannot read', async () => {
    await expect(look({ RELAY: 'http://relay.example' })).rejects.toThrow(UsageError);
  });
});
