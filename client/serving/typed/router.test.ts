import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ServiceRequest } from '../durable.ts';
import type { RunHandler } from '../outcome.ts';
import { servicesAt } from './router.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const request: ServiceRequest = {
  uid: 'u',
  source: '7',
  command: 'x.y',
  data: new TextEncoder().encode('2'),
  tags: null,
  schema: null,
  expiration: 60,
  now: 0,
  isEncrypted: false,
};

const context = { signal: new AbortController().signal, deadline: new Date(), isStream: false };

function rig() {
  const served = new Map<string, RunHandler>();
  const services = servicesAt({
    add: (command, handler) => {
      served.set(command, handler);
      return () => void served.delete(command);
    },
    log: silent,
  });
  return { served, services };
}

describe('services', () => {
  it('have the prefix of their routers', () => {
    const { served, services } = rig();
    services.serve('plain', () => 'x');
    const farm = services.router('my.farm');
    const end = farm.serve('list', { out: z.number() }, () => 1);
    farm.router('node').serve('get', {}, () => 1);
    expect([...served.keys()]).toEqual(['plain', 'my.farm.list', 'my.farm.node.get']);
    end();
    expect([...served.keys()]).toEqual(['plain', 'my.farm.node.get']);
  });

  it('take bytes or values, as they are declared', async () => {
    const { served, services } = rig();
    services.serve('bytes', ({ data }) => ({ data, schema: 'text/plain' }));
    services.serve('value', { in: z.number(), out: z.number() }, (n) => 2 * n);
    const run = (command: string) => served.get(command)?.(request, context);
    expect(await run('bytes')).toMatchObject({ kind: 'response', data: request.data, schema: 'text/plain' });
    expect(await run('value')).toMatchObject({ kind: 'response', data: new TextEncoder().encode('4') });
  });

  it.each(['', 'a b', '.a', 'a.', 'a..b'])('refuse the prefix "%s"', (prefix) => {
    expect(() => rig().services.router(prefix)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
