import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../tools/local-relay/port.ts';
import { withDate } from '../rig/clients/dated.ts';
import { openWard, runDoctor, secretOf, type Ward } from '../rig/peer/doctor.ts';
import { startPeerRig } from '../rig/peer/peer.ts';
import { startPeerProcess } from '../rig/peer/peer-process.ts';
import { startOldRedis } from '../rig/redis/old-redis.ts';
import { startRedisServer } from '../rig/redis/redis.ts';
import { startProxy } from '../rig/relay/proxy.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

describe('the doctor about a healthy peer', () => {
  it('reports every part as healthy', async () => {
    const { code, named, output } = await runDoctor(wide);
    expect(named).toEqual([]);
    expect(output).not.toContain('"skipped"');
    expect(output).toContain('"ok": true');
    expect(code).toBe(0);
  });

  it('prints lines without colours or secrets where no terminal is', async () => {
    const env = Object.fromEntries(Object.entries(wide).map(([name, value]) => [`RMB_${name}`, value]));
    await using process = startPeerProcess({ args: ['doctor'], env });
    expect(await process.ended).toBe(0);
    expect(process.output()).toMatch(/^ok +secret +words +good: with key type sr25519/);
    expect(process.output()).toContain('0 failed, 0 warnings');
    expect(process.output()).not.toContain('\u001b');
    expect(process.output()).not.toContain(wide.MNEMONIC);
  });

  it('leaves a running peer alone', async () => {
    await using rig = await startPeerRig(ward.network, 5, { update: false });
    const { code, named, output } = await runDoctor({ ...wide, ...secretOf(5), REDIS: rig.redisUrl });
    expect(named).toEqual([]);
    expect(output).toContain('by the peer of this Redis, which runs');
    expect(code).toBe(0);
    expect(rig.logged.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});

describe('the doctor’s command line', () => {
  it.each([
    ['an unknown flag', ['--jsno'], 'there is no flag --jsno'],
    ['a bad setting', ['--key-type', 'rsa'], '--key-type: must be sr25519 or ed25519'],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { code, output } = await runDoctor(wide, { args });
    expect(code).toBe(2);
    expect(output).toContain(message);
  });

  it('explains flags and exit codes in its help', async () => {
    await using process = startPeerProcess({ args: ['doctor', '--help'] });
    expect(await process.ended).toBe(0);
    for (const text of ['--json', '--redis', 'Exit codes: 0']) expect(process.output()).toContain(text);
  });
});

describe('the doctor about the secret', () => {
  it('names wrong words', async () => {
    const words = 'legal winner thank year wave sausage worth useful legal winner thank thank';
    const { code, named, output } = await runDoctor({ ...wide, MNEMONIC: words });
    expect(named).toEqual(['fail secret: words']);
    expect(output).not.toContain('sausage');
    expect(code).toBe(1);
  });

  it('names the wrong key type', async () => {
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(6), KEY_TYPE: 'sr25519' });
    expect(named).toEqual(['fail secret: key type']);
    expect(said).toContain('set --key-type ed25519');
    expect(code).toBe(1);
  });
});

describe('the doctor about the clock', () => {
  /** A doctor whose machine has another time. */
  const shifted = (ms: number): [string, ...string[]] => {
    const preload = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${ms}`;
    return [process.execPath, '--import', preload, 'local-peer/main.ts'];
  };

  it.each([
    ['behind', -60_000],
    ['ahead of', 60_000],
  ])('names a clock 60 s %s the relay’s', async (side, ms) => {
    await using relay = await startProxy({ port: Number(new URL(ward.network.relay.wsUrl).port) });
    relay.rewrite('down', (chunk) => withDate(chunk, Date.now()));
    const settings = await ward.atRelay(`localhost:${relay.port}`);
    const { code, named, said } = await runDoctor(settings, { command: shifted(ms) });
    expect(named).toEqual(['warn clock: time']);
    expect(said).toMatch(new RegExp(`(59|60|61) s ${side} the relays’.*NTP`));
    expect(code).toBe(0);
  });

  it('names a clock 60 s behind the chain’s when no relay sends its time', async () => {
    await ward.settle(1);
    const { code, named, said } = await runDoctor(wide, { command: shifted(-60_000) });
    expect(named).toEqual(['warn clock: time']);
    expect(said).toMatch(/[56]\d s behind the chain’s/);
    expect(code).toBe(0);
  });
});

describe.concurrent('the doctor about Redis', () => {
  it('names a Redis that is down', async () => {
    const { code, named, said } = await runDoctor({ ...wide, REDIS: `redis://127.0.0.1:${await freePort()}` });
    expect(named).toEqual(['fail redis: reachable']);
    expect(said).toMatch(/ECONNREFUSED.*start Redis/);
    expect(code).toBe(1);
  });

  it('names a wrong password, and a missing one', async () => {
    await using guarded = await startRedisServer({ flags: ['--requirepass', 'right-one'] });
    for (const url of [guarded.url, guarded.url.replace('//', '//:wrong-one@')]) {
      const { code, named, output } = await runDoctor({ ...wide, REDIS: url });
      expect(named).toEqual(['fail redis: password']);
      expect(output).not.toContain('wrong-one');
      expect(code).toBe(1);
    }
  });

  it('names a Redis whose memory is full', async () => {
    await using full = await startRedisServer({ flags: ['--maxmemory-policy', 'noeviction'] });
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

  it('warns of a Redis that evicts keys', async () => {
    await using lossy = await startRedisServer({
      flags: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
    });
    const { code, named } = await runDoctor({ ...wide, REDIS: lossy.url });
    expect(named).toEqual(['warn redis: memory']);
    expect(code).toBe(0);
  });

  it('names a Redis that is too old', async () => {
    await using old = await startOldRedis();
    const { code, named, said } = await runDoctor({ ...wide, REDIS: old.url });
    expect(named).toEqual(['fail redis: version']);
    expect(said).toContain('5.0.14 is too old → install Redis 6.2');
    expect(code).toBe(1);
  });

  it('names the full queue of a command', async () => {
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
