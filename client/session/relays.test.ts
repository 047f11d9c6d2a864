import { describe, expect, it } from 'vitest';
import type { SizeLimit } from './large-frames.ts';
import { Relays } from './relays.ts';

function relay(name: string, sent: string[]) {
  return {
    name,
    isOpen: true,
    isBroken: false,
    isSlow: false,
    limit: undefined as SizeLimit | undefined,
    async send(): Promise<boolean> {
      if (!this.isBroken) sent.push(name);
      return !this.isBroken;
    },
  };
}
const frame = new Uint8Array(1);
const later = () => Date.now() + 60_000;

describe('Relays', () => {
  it('takes the next relay when one is away, and stays with the relay that worked', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    const relays = new Relays([a, b]);
    await relays.send(frame, later());
    a.isOpen = false;
    await relays.send(frame, later());
    a.isOpen = true;
    await relays.send(frame, later());
    b.isBroken = true;
    await relays.send(frame, later());
    expect(sent).toEqual(['a', 'b', 'b', 'a']);
  });

  it('prefers a relay that is not slow, and uses a slow one when there is no other', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    const relays = new Relays([a, b]);
    a.isSlow = true;
    await relays.send(frame, later());
    b.isOpen = false;
    await relays.send(frame, later());
    expect(sent).toEqual(['b', 'a']);
  });

  it('skips a relay that takes less, and refuses a message that every relay refuses, naming the largest limit', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    const relays = new Relays([a, b]);
    a.limit = { bytes: 9, isNamed: true };
    expect(await relays.send(new Uint8Array(10), later())).toMatchObject({ sent: 'sent' });
    b.limit = { bytes: 20, isNamed: true };
    expect(await relays.send(new Uint8Array(21), later())).toMatchObject({
      reason: 'payload',
      detail: 'the message has 21 bytes, its relay takes 20: send it in parts',
    });
    b.limit = { bytes: 20, isNamed: false };
    expect(await relays.send(new Uint8Array(21), later())).toMatchObject({
      detail: 'the message has 21 bytes, its relay takes less: send it in parts',
    });
    expect(sent).toEqual(['b']);
  });

  it('refuses a waiting message when its relay turns out to take less', async () => {
    const a = relay('a', []);
    a.isOpen = false;
    const relays = new Relays([a]);
    const sending = relays.send(new Uint8Array(10), later());
    a.limit = { bytes: 9, isNamed: true };
    a.isOpen = true;
    await Promise.resolve();
    relays.wake();
    expect(await sending).toMatchObject({ reason: 'payload' });
  });

  it('lets a message wait for a connection', async () => {
    const sent: string[] = [];
    const a = relay('a', sent);
    a.isOpen = false;
    const relays = new Relays([a]);
    const sending = relays.send(frame, later());
    a.isOpen = true;
    // The message has started to wait by then.
    await Promise.resolve();
    relays.wake();
    expect(await sending).toMatchObject({ sent: 'sent' });
    expect(sent).toEqual(['a']);
  });

  it('retries at once when a relay connected while another was failing', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    b.isOpen = false;
    const relays = new Relays([b, a]);
    const hanging = Promise.withResolvers<boolean>();
    a.send = () => hanging.promise;
    const sending = relays.send(frame, later());
    // B was tried before; it connects while A hangs, and A breaks.
    b.isOpen = true;
    relays.wake();
    a.isOpen = false;
    hanging.resolve(false);
    expect(await sending).toMatchObject({ sent: 'sent' });
    expect(sent).toEqual(['b']);
  });

  it('gives up waiting messages when it is closed', async () => {
    const a = relay('a', []);
    a.isOpen = false;
    const relays = new Relays([a]);
    const sending = relays.send(frame, later());
    relays.close();
    expect(await sending).toMatchObject({ sent: 'closed' });
  });

  it('gives a message up at its deadline', async () => {
    const a = relay('a', []);
    a.isOpen = false;
    expect(await new Relays([a]).send(frame, Date.now() - 1)).toMatchObject({ sent: 'late' });
    expect(await new Relays([a]).send(frame, Date.now() + 5)).toMatchObject({ sent: 'late' });
  });
});
