import { describe, expect, it } from 'vitest';
import type { SizeLimit } from './large-frames.ts';
import { Relays } from './relays.ts';

function relay(name: string, sent: string[]) {
  return {
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
  it('takes the next relay when one is away, and stays with the one that worked', async () => {
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

  it('goes past a relay that does not take what it was given, and to it when there is no other', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    const relays = new Relays([a, b]);
    a.isSlow = true;
    await relays.send(frame, later());
    b.isOpen = false;
    await relays.send(frame, later());
    expect(sent).toEqual(['b', 'a']);
  });

  it('goes past a relay that takes less, and refuses what no relay takes with the largest size that one takes', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    const relays = new Relays([a, b]);
    a.limit = { bytes: 9, isNamed: true };
    expect(await relays.send(new Uint8Array(10), later())).toBe('sent');
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

  it('refuses a message that waits for its relay when that turns out to take less', async () => {
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
    // The message must have begun to wait.
    await Promise.resolve();
    relays.wake();
    expect(await sending).toBe('sent');
    expect(sent).toEqual(['a']);
  });

  it('does not wait when a relay connected while another was failing', async () => {
    const sent: string[] = [];
    const [a, b] = [relay('a', sent), relay('b', sent)];
    b.isOpen = false;
    const relays = new Relays([b, a]);
    const hanging = Promise.withResolvers<boolean>();
    a.send = () => hanging.promise;
    const sending = relays.send(frame, later());
    // B has been looked at; it comes while A hangs, and A breaks.
    b.isOpen = true;
    relays.wake();
    a.isOpen = false;
    hanging.resolve(false);
    expect(await sending).toBe('sent');
    expect(sent).toEqual(['b']);
  });

  it('gives up what waits when it is closed', async () => {
    const a = relay('a', []);
    a.isOpen = false;
    const relays = new Relays([a]);
    const sending = relays.send(frame, later());
    relays.close();
    expect(await sending).toBe('closed');
  });

  it('gives a message up when its time is over', async () => {
    const a = relay('a', []);
    a.isOpen = false;
    expect(await new Relays([a]).send(frame, Date.now() - 1)).toBe('late');
    expect(await new Relays([a]).send(frame, Date.now() + 5)).toBe('late');
  });
});
