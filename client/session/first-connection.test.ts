import { describe, expect, it } from 'vitest';
import { FirstConnection } from './first-connection.ts';

const urls = [new URL('wss://a.example'), new URL('wss://user:secret@b.example')];
const up = { isUp: true, detail: '' };
const down = (detail: string) => ({ isUp: false, detail });

describe('FirstConnection', () => {
  it('resolves when one relay is connected, and knows the state of each', async () => {
    const first = new FirstConnection(urls, 60_000);
    first.set('a.example', down('refused'));
    first.set('b.example', up);
    await first.up;
    expect([...first.states]).toEqual([
      ['a.example', down('refused')],
      ['b.example', up],
    ]);
  });

  it('fails when each relay has failed twice, with the last fault of each and no secret', async () => {
    const first = new FirstConnection(urls, 60_000);
    for (const fault of ['one', 'two']) for (const { host } of urls) first.set(host, down(`${fault} ${host}`));
    await expect(first.up).rejects.toMatchObject({
      code: 'relay',
      message: 'no relay can be used: wss://a.example: two a.example; wss://:***@b.example: two b.example',
    });
  });

  it('fails when time is over, and names the silent relay', async () => {
    const [url = new URL('wss://a')] = urls;
    await expect(new FirstConnection([url], 10).up).rejects.toMatchObject({
      code: 'relay',
      relay: 'a.example',
      message: 'no relay can be used: wss://a.example: silent for 0.01 s',
    });
  });

  it('fails when its signal aborts', async () => {
    const stop = new AbortController();
    const first = new FirstConnection(urls, 60_000, stop.signal);
    stop.abort();
    await expect(first.up).rejects.toMatchObject({ code: 'aborted' });
  });
});
