import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { freePort } from '../../local-relay/port.ts';
import { request } from './envelopes.ts';
import { type FakeRelay, startFakeRelay } from './fake-relay.ts';

let domain: string;
let fake: FakeRelay;
beforeAll(async () => {
  domain = `127.0.0.1:${await freePort()}`;
  fake = await startFakeRelay(domain);
});
afterAll(() => fake[Symbol.asyncDispose]());

const sent = () => request({ twin: 1 }, { twin: 2 });
const post = (body: Uint8Array<ArrayBuffer>) => fetch(`http://${domain}/x`, { method: 'POST', body });

describe('startFakeRelay', () => {
  it('answers one uid by its plan, and any other with 202', async () => {
    const envelope = sent();
    const bytes = new Uint8Array(encodeEnvelope(envelope));
    fake.behave(envelope.uid, 500, 404);
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await post(bytes)).status);
    statuses.push((await post(new Uint8Array(encodeEnvelope(sent())))).status);
    expect(statuses).toEqual([500, 404, 404, 202]);
    expect(fake.posts(envelope.uid)).toHaveLength(3);
    expect(await fake.posted(envelope.uid, 2)).toMatchObject({ method: 'POST', path: '/x' });
  });

  it.each(['resets', 'babbles'] as const)('breaks a connection that it %s', async (behaviour) => {
    const envelope = sent();
    fake.behave(envelope.uid, behaviour);
    await expect(post(new Uint8Array(encodeEnvelope(envelope)))).rejects.toThrow();
  });

  it('refuses connections while it is shut, and accepts them again', async () => {
    await fake.shut();
    await expect(post(new Uint8Array(0))).rejects.toThrow();
    await fake.open();
    expect((await post(new Uint8Array(0))).status).toBe(202);
  });
});
