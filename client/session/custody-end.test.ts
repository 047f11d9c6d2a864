import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  custodyOf,
  dataFrame,
  envelope,
  framesOf,
  PING,
  receipts,
  startCustodyRig,
} from '../../test/rig/relay/memory-custody.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

describe('the end of a custody session', () => {
  it('gives its receipts at once, and waits for those of its envelopes', async () => {
    const { relay, later, send, ends, connection } = startCustodyRig();
    await later();
    const socket = relay.sockets[0];
    socket?.send(dataFrame(1, [envelope('theirs')]));
    void send(envelope('mine'));
    await later();
    ends[0]?.({ isTaken: true });
    await later();
    const closing = connection.close();
    await later();
    expect(framesOf(socket).at(-1)).toMatchObject({ isUrgent: true, receipts: [{ first: 1, last: 1 }] });
    socket?.send(receipts(1, 1, 'delivered'));
    await later();
    expect(await closing).toBe(true);
  });

  it('waits for 2 s at most, and then says that the relay does not have everything', async () => {
    const { later, send, connection } = startCustodyRig();
    await later();
    void send(envelope('mine'));
    await later();
    const closing = connection.close();
    await later(2_000);
    expect(await closing).toBe(false);
  });

  it('takes nothing that comes after `finish`, but still its receipts', async () => {
    const { relay, later, send, taken, connection } = startCustodyRig();
    await later();
    const handover = await send(envelope('mine'));
    await later();
    await connection.finish();
    relay.sockets[0]?.send(dataFrame(1, [envelope('theirs')]));
    relay.sockets[0]?.send(receipts(1, 1, 'delivered'));
    await later();
    expect([taken, framesOf(relay.sockets[0]).flatMap((each) => each.receipts)]).toEqual([[], []]);
    expect(await custodyOf(handover)).toMatchObject({ outcome: 'delivered' });
    expect(await connection.close()).toBe(true);
  });
});

describe('a plain session whose socket is torn', () => {
  it('sends what it wrote lately again', async () => {
    const { relay, later, send, counts } = startCustodyRig({ accepts: false });
    await later();
    for (const uid of ['a', 'b']) await send(envelope(uid));
    relay.sockets[0]?.end({ code: 1006, detail: 'torn' });
    await later(1_000);
    expect(relay.sockets[1]?.messages).toEqual([PING, envelope('a'), envelope('b')]);
    expect(counts).toEqual(['envelope-resent plain', 'envelope-resent plain']);
  });

  it('sends nothing again after a close frame', async () => {
    const { relay, later, send } = startCustodyRig({ accepts: false });
    await later();
    await send(envelope('a'));
    relay.sockets[0]?.end({ code: 1001, detail: '1001 deploy' });
    await later(1_000);
    expect(relay.sockets[1]?.messages).toEqual([PING]);
  });
});
