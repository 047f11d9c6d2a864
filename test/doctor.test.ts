import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../local-relay/port.ts';
import { withDate } from './rig/dated.ts';
import { openWard, runDoctor, secretOf, type Ward } from './rig/doctor.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { startOldRedis } from './rig/old-redis.ts';
import { startPeerRig } from './rig/peer.ts';
import { startPeerProcess } from './rig/peer-process.ts';
import { startProxy } from './rig/proxy.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

describe('a peer that is well', () => {
  it('is told so, and each part with it', async () => {
    const { code, named, output } = await runDoctor(wide);
    expect(named).toEqual([]);
    expect(output).not.toContain('"skipped"');
    expect(output).toContain('"ok": true');
    expect(code).toBe(0);
  });

  it('reads lines without colours where no terminal is, and no secret in them', async () => {
    const env = Object.fromEntries(Object.entries(wide).map(([name, value]) => [`RMB_${name}`, value]));
    await using process = startPeerProcess({ args: ['doctor'], env });
    expect(await process.ended).toBe(0);
    expect(process.output()).toMatch(/^ok +secret +words +good: with key type sr25519/);
    expect(process.output()).toContain('0 failed, 0 to be looked at');
    expect(process.output()).not.toContain('\u001b');
    expect(process.output()).not.toContain(wide.MNEMONIC);
  });

  it('can be one that runs: it is left alone', async () => {
    await using rig = await startPeerRig(ward.network, 5, { update: false });
    const { code, named, output } = await runDoctor({ ...wide, ...secretOf(5), REDIS: rig.redisUrl });
    expect(named).toEqual([]);
    expect(output).toContain('by the peer of this Redis, which runs');
    expect(code).toBe(0);
    expect(rig.logged.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});

describe('what is asked for wrongly', () => {
  it.each([
    ['an unknown flag', ['--jsno'], 'there is no flag --jsno'],
    ['a bad setting', ['--key-type', 'rsa'], '--key-type: must be sr25519 or ed25519'],
  ])('%s ends it with 2', async (_, args, message) => {
    const { code, output } = await runDoctor(wide, { args });
    expect(code).toBe(2);
    expect(output).toContain(message);
  });

  it('its help tells the flags and the exit codes', async () => {
    await using process = startPeerProcess({ args: ['doctor', '--help'] });
    expect(await process.ended).toBe(0);
    for (const text of ['--json', '--redis', 'Exit codes: 0']) expect(process.output()).toContain(text);
  });
});

describe('the secret', () => {
  it('of wrong words', async () => {
    const words = 'legal winner thank year wave sausage worth useful legal winner thank thank';
    const { code, named, output } = await runDoctor({ ...wide, MNEMONIC: words });
    expect(named).toEqual(['fail secret: words']);
    expect(output).not.toContain('sausage');
    expect(code).toBe(1);
  });

  it('with the wrong key type', async () => {
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(6), KEY_TYPE: 'sr25519' });
    expect(named).toEqual(['fail secret: key type']);
    expect(said).toContain('set --key-type ed25519');
    expect(code).toBe(1);
  });
});

describe('the clock', () => {
  /** A doctor whose machine has another time. */
  const shifted = (ms: number): [string, ...string[]] => {
    const preload = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${ms}`;
    return [process.execPath, '--import', preload, 'local-peer/main.ts'];
  };

  it.each([
    ['behind', -60_000],
    ['ahead of', 60_000],
  ])('60 s %s the relay’s', async (side, ms) => {
    await using relay = await startProxy({ port: Number(new URL(ward.network.relay.wsUrl).port) });
    relay.rewrite('down', (chunk) => withDate(chunk, Date.now()));
    const settings = await ward.atRelay(`localhost:${relay.port}`);
    const { code, named, said } = await runDoctor(settings, { command: shifted(ms) });
    expect(named).toEqual(['warn clock: time']);
    expect(said).toMatch(new RegExp(`(59|60|61) s ${side} the relays’.*NTP`));
    expect(code).toBe(0);
  });

  it('60 s behind the chain’s, where no relay tells its time', async () => {
    await ward.settle(1);
    const { code, named, said } = await runDoctor(wide, { command: shifted(-60_000) });
    expect(named).toEqual(['warn clock: time']);
    expect(said).toMatch(/[56]\d s behind the chain’s/);
    expect(code).toBe(0);
  });
});

describe.concurrent('Redis', () => {
  it('that is down', async () => {
    const { code, named, said } = await runDoctor({ ...wide, REDIS: `redis://127.0.0.1:${await freePort()}` });
    expect(named).toEqual(['fail redis: reachable']);
    expect(said).toMatch(/ECONNREFUSED.*start Redis/);
    expect(code).toBe(1);
  });

  it('with another password, or none given', async () => {
    await using guarded = await startDurableRedis(['--requirepass', 'right-one']);
    for (const url of [guarded.url, guarded.url.replace('//', '//:wrong-one@')]) {
      const { code, named, output } = await runDoctor({ ...wide, REDIS: url });
      expect(named).toEqual(['fail redis: password']);
      expect(output).not.toContain('wrong-one');
      expect(code).toBe(1);
    }
  });

  it('whose memory is full', async () => {
    await using full = await startDurableRedis(['--maxmemory-policy', 'noeviction']);
    const filler = createClient({ url: full.url });
    await filler.connect();
    await filler.set('filler', 'x'.repeat(4_000_000));
    await filler.configSet('maxmemory', '3mb');
    filler.destroy();
    const { code, named, said } = await runDoctor({ ...wide, REDIS: full.url });
    expect(named).toEqual(['fail redis: writable']);
    expect(said).toContain('the memory of Redis is full');
    expect(code).toBe(1);
  });

  it('that throws keys away', async () => {
    await using lossy = await startDurableRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    const { code, named } = await runDoctor({ ...wide, REDIS: lossy.url });
    expect(named).toEqual(['warn redis: memory']);
    expect(code).toBe(0);
  });

  it('that is too old', async () => {
    await using old = await startOldRedis();
    const { code, named, said } = await runDoctor({ ...wide, REDIS: old.url });
    expect(named).toEqual(['fail redis: version']);
    expect(said).toContain('5.0.14 is too old → install Redis 6.2');
    expect(code).toBe(1);
  });

  it('with a command’s queue that is full', async () => {
    const program = createClient({ url: wide.REDIS ?? '' });
    await program.connect();
    await program.lPush(
      'msgbus.shop.order',
      Array.from({ length: 10_000 }, () => '{}'),
    );
    const { code, named, said } = await runDoctor(wide);
    await program.del('msgbus.shop.order');
    program.destroy();
    expect(named).toEqual(['fail redis: queues']);
    expect(said).toContain('msgbus.shop.order');
    expect(code).toBe(1);
  });
});
