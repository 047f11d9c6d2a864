import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../local-relay/port.ts';
import { openWard, runDoctor, type Ward } from './rig/doctor.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { startOldRedis } from './rig/old-redis.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

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
    expect(said).toContain('its memory is full');
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
