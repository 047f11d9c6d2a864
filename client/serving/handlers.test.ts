import { describe, expect, it } from 'vitest';
import type { CustodyEnd } from '../ports.ts';
import { Clock } from '../session/clock.ts';
import type { ServiceRequest } from './durable.ts';
import { type Handled, Handlers } from './handlers.ts';
import type { Reply, ReplyCustody } from './replying.ts';

const NOW = 1_800_000_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const request: ServiceRequest = {
  uid: 'u',
  source: '7:s',
  command: 'x.y',
  data: new Uint8Array([1]),
  tags: null,
  schema: 'text/plain',
  expiration: 60,
  now: NOW,
  isEncrypted: false,
};

function rig(parallel = 2, custodyOf: () => Promise<ReplyCustody | undefined> = async () => undefined) {
  const [replies, handled]: [Reply[], Handled[]] = [[], []];
  const started = Promise.withResolvers<void>();
  const clock = new Clock(
    () => NOW * 1000,
    () => undefined,
  );
  const handlers = new Handlers({
    replying: {
      send: (reply) => {
        replies.push(reply);
        return custodyOf();
      },
    },
    clock,
    parallel,
    started: started.promise,
    onHandled: (each) => void handled.push(each),
    log: silent,
  });
  started.resolve();
  return { handlers, replies, handled };
}

describe('Handlers', () => {
  it('replies with what the handler returns, in the schema of the request', async () => {
    const { handlers, replies, handled } = rig();
    handlers.add('x.y', async ({ data }, { deadline }) => {
      const seconds = Math.round((deadline.getTime() - Date.now()) / 1000);
      return { kind: 'response', data: new Uint8Array([...data, seconds]) };
    });
    expect(await handlers.give(request, 7)).toBe('delivered');
    await handlers.idle.reached();
    expect(replies).toMatchObject([
      {
        uid: 'u',
        destination: { twin: 7, connection: 's' },
        content: { kind: 'response' },
        payload: { bytes: new Uint8Array([1, 60]) },
        schema: 'text/plain',
      },
    ]);
    expect(handled).toMatchObject([{ uid: 'u', source: '7:s', command: 'x.y', error: undefined }]);
  });

  it('replies with application/json when the request has no schema, or a long one', async () => {
    const { handlers, replies } = rig();
    handlers.add('x.y', async ({ data }) => ({ kind: 'response', data }));
    await handlers.give({ ...request, schema: null }, 7);
    await handlers.give({ ...request, schema: 'x'.repeat(257) }, 7);
    await handlers.idle.reached();
    expect(replies.map(({ schema }) => schema)).toEqual(['application/json', 'application/json']);
  });

  it('replies with error 500 when the handler fails, and with 404 without a handler', async () => {
    const { handlers, replies, handled } = rig();
    handlers.add('x.y', async () => ({ kind: 'error', message: 'no' }));
    await handlers.give(request, 7);
    await handlers.give({ ...request, command: 'x.z' }, 7);
    await handlers.idle.reached();
    expect(replies.map(({ content }) => content)).toEqual([
      { kind: 'error', code: 500, message: 'no' },
      { kind: 'error', code: 404, message: "nobody serves 'x.z' here: rmb.commands lists what is served" },
    ]);
    expect(handled.map(({ error }) => error)).toEqual([
      'no',
      "nobody serves 'x.z' here: rmb.commands lists what is served",
    ]);
  });

  it('replies with an error to a request whose time ended while others were served', async () => {
    const { handlers, replies } = rig();
    handlers.add('x.y', async ({ data }) => ({ kind: 'response', data }));
    await handlers.give({ ...request, now: NOW - 60 }, 7);
    await handlers.idle.reached();
    expect(replies).toMatchObject([{ content: { kind: 'error', code: 500 } }]);
  });

  it('refuses a request when too many of its twin wait', async () => {
    const { handlers } = rig(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    handlers.add('x.y', async ({ data }) => {
      await promise;
      return { kind: 'response', data };
    });
    const large = { ...request, data: new Uint8Array(20 * 2 ** 20) };
    const given = [];
    for (let n = 0; n < 3; n += 1) given.push(await handlers.give(large, 7));
    expect(given).toEqual(['delivered', 'delivered', { reason: 'queue-full', detail: expect.any(String) }]);
    resolve();
    await handlers.idle.reached();
  });

  it('serves a command no more once it is ended', async () => {
    const { handlers, replies } = rig();
    const end = handlers.add('x.y', async ({ data }) => ({ kind: 'response', data }));
    end();
    await handlers.give(request, 7);
    await handlers.idle.reached();
    expect(replies).toMatchObject([
      { content: { code: 404, message: "nobody serves 'x.y' here: rmb.commands lists what is served" } },
    ]);
  });

  it('says what the receipt of a request waits for: its reply must be in other hands', async () => {
    const custody = Promise.withResolvers<CustodyEnd>();
    const { handlers } = rig(2, async () => ({ custody: custody.promise }));
    handlers.add('x.y', async ({ data }) => ({ kind: 'response', data }));
    await handlers.give(request, 7);
    const answered = handlers.answered(request);
    await handlers.idle.reached();
    expect(await Promise.race([answered, 'not yet'])).toBe('not yet');
    custody.resolve({ outcome: 'delivered', relay: 'relay' });
    expect(await answered).toEqual({ outcome: 'delivered', relay: 'relay' });
  });

  it('lets no receipt wait when sending the reply fails', async () => {
    const { handlers } = rig(2, async () => Promise.reject(new Error('no')));
    handlers.add('x.y', async ({ data }) => ({ kind: 'response', data }));
    await handlers.give(request, 7);
    expect(await handlers.answered(request)).toBeUndefined();
  });
});
