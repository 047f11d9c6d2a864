import { describe, expect, it } from 'vitest';
import { openTestBus } from './testing.ts';

describe('the bus for tests', () => {
  it('connects twin 1 and twin 2, which reach each other by number', async () => {
    await using test = await openTestBus();
    const [one, two] = test.twins;
    expect([one.state.address, two.state.address]).toEqual(['1', '2']);
    expect((await one.ping(2)).source).toBe('2');
    expect((await two.ping(1)).source).toBe('1');
  });

  it('carries a request to its handler, encrypted, and the reply back', async () => {
    await using test = await openTestBus();
    const [caller, service] = test.twins;
    const seen: boolean[] = [];
    service.serve('test.echo', (request) => {
      seen.push(request.isEncrypted);
      return request.data;
    });
    const { data } = await caller.request(2, 'test.echo', '{"n":1}');
    expect([new TextDecoder().decode(data), seen]).toEqual(['{"n":1}', [true]]);
  });

  it('routes to further sessions by their sid, and tells that a twin or its session is away', async () => {
    await using test = await openTestBus();
    const [caller] = test.twins;
    const further = await test.connect(2, 'further');
    expect((await caller.ping('2:further')).source).toBe('2:further');
    await further.close();
    await expect(caller.ping('2:further')).rejects.toMatchObject({ code: 'offline', twin: 2 });
    await expect(caller.ping(3)).rejects.toMatchObject({ code: 'unknown-twin', twin: 3 });
  });

  it('gives a name to the session that took it last', async () => {
    await using test = await openTestBus();
    const first = await test.connect(2, 'same');
    const second = await test.connect(2, 'same');
    await first.close();
    second.serve('test.who', () => '"second"');
    const [caller] = test.twins;
    const { data } = await caller.request('2:same', 'test.who');
    expect(new TextDecoder().decode(data)).toBe('"second"');
  });
});
