import { describe, expect, it } from 'vitest';
import { beatOf, openNotify, Service } from './systemd.ts';

function rig(isWatched = true) {
  const heard: string[][] = [];
  const faults: unknown[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const notify = (assignments: readonly string[]) => {
    heard.push([...assignments]);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  const service = new Service(notify, { ms: 10_000, isWatched }, (fault) => faults.push(fault));
  return { heard, faults, service, gates };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Service', () => {
  it('asks for time until it is ready, and feeds the watchdog all the while', async () => {
    const { heard, service, gates } = rig();
    for (const step of [() => service.beat(), () => service.ready(), () => service.beat()]) {
      step();
      await turn();
      gates.at(-1)?.resolve();
      await turn();
    }
    expect(heard).toEqual([['WATCHDOG=1', 'EXTEND_TIMEOUT_USEC=30000000'], ['READY=1'], ['WATCHDOG=1']]);
  });

  it('sends one message at a time, with the last waiting value of each name', async () => {
    const { heard, service, gates } = rig();
    service.status('one');
    await turn();
    service.status('two');
    service.status('three');
    service.ready();
    await turn();
    expect(heard).toEqual([['STATUS=one']]);
    gates[0]?.resolve();
    await turn();
    expect(heard).toEqual([['STATUS=one'], ['STATUS=three', 'READY=1']]);
    service.status('three');
    service.stopping();
    gates[1]?.resolve();
    await turn();
    gates[2]?.resolve();
    await service.end();
    expect(heard.at(-1)).toEqual(['STOPPING=1']);
  });

  it('goes on after systemd could not be told', async () => {
    const { heard, faults, service, gates } = rig();
    service.ready();
    await turn();
    gates[0]?.reject(new Error('no socket'));
    await turn();
    service.status('still here');
    await turn();
    expect(faults).toHaveLength(1);
    expect(heard.at(-1)).toEqual(['STATUS=still here']);
  });
});

describe('the environment of systemd', () => {
  it('returns the interval of the watchdog, unless it watches another process', () => {
    expect(beatOf({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '5' }, 5)).toEqual({ ms: 30_000, isWatched: true });
    for (const env of [{}, { WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: 'x' }, { WATCHDOG_USEC: '9', WATCHDOG_PID: '4' }]) {
      expect(beatOf(env, 5).isWatched).toBe(false);
    }
  });

  it('has no socket when systemd did not start us', () => {
    expect(openNotify({})).toBeUndefined();
    expect(openNotify({ NOTIFY_SOCKET: '' })).toBeUndefined();
  });
});
