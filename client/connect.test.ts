import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../proto/crypto/portable.ts';
import { identityOfMemoryTwin, startMemoryBus } from '../test/rig/clients/memory-bus.ts';
import { openConnection } from './connect.ts';

describe('connecting', () => {
  it('gives itself a fresh sid, and shows it in the status', async () => {
    const { join } = await startMemoryBus();
    const bus = await join(1);
    const { address, relays, chain } = bus.state;
    expect(address).toMatch(/^1:client-[0-9a-f]{8}$/);
    expect([[...relays], chain]).toEqual([[['relay', { isUp: true, detail: '' }]], { isUp: true, detail: '' }]);
    await bus.close();
  });

  it('refuses an identity without a twin, and a list of relays that is wrong', async () => {
    const { join, source, relay } = await startMemoryBus();
    await expect(join(9)).rejects.toMatchObject({ code: 'identity' });
    const host = { dial: relay.dial, primitives: PORTABLE };
    const identity = await identityOfMemoryTwin(1);
    for (const relays of [[], ['http://relay'], Array.from({ length: 5 }, (_, n) => `ws://r${n}`)]) {
      const connecting = openConnection({ identity, twins: source, relays }, host);
      await expect(connecting).rejects.toMatchObject({ code: 'invalid' });
    }
    const secret = openConnection({ secret: 'no words', twins: source, relays: ['ws://relay'] }, host);
    await expect(secret).rejects.toMatchObject({ code: 'identity' });
  });
});
