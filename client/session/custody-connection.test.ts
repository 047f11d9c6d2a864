import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceptanceText } from '../../proto/custody/acceptance.ts';
import {
  custodyOf,
  dataFrame,
  EPOCH,
  envelope,
  framesOf,
  PING,
  receipts,
  SILENT,
  sentBy,
  startCustodyRig,
  WINDOW,
} from '../../test/rig/relay/memory-custody.ts';
import { startMemoryRelay } from '../../test/rig/relay/memory-relay.ts';
import { RelayConnection } from './connection.ts';
import { Relays } from './relays.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a connection that offers custody', () => {
  it('sends nothing but a ping envelope until the relay has accepted', async () => {
    const { relay, connection, later, send } = startCustodyRig();
    const sending = send(envelope('a'));
    await later();
    expect(relay.sockets[0]?.messages[0]).toEqual(PING);
    expect(await sending).toMatchObject({ sent: 'sent' });
    expect(connection.custody?.name).toBe('relay');
    expect(framesOf(relay.sockets[0])).toMatchObject([{ first: 1, epoch: EPOCH, envelopes: [envelope('a')] }]);
  });

  it('is a plain session after a pong: frames are envelopes again, and pings are ping frames', async () => {
    const { relay, connection, later, send, taken } = startCustodyRig({ accepts: false });
    await later();
    expect([connection.isOpen, connection.custody]).toEqual([true, undefined]);
    const handover = await send(envelope('a'));
    expect(await custodyOf(handover)).toEqual({ outcome: 'handed', relay: 'relay' });
    expect(relay.sockets[0]?.messages).toEqual([PING, envelope('a')]);
    await later(20_000);
    expect(relay.sockets[0]?.pings).toBe(1);
    // The pong went the way of every frame, as ever.
    expect(taken).toHaveLength(1);
  });

  it('is open only after the acceptance: a sign of life does not say which mode it is', async () => {
    const relay = startMemoryRelay({ hasPings: false });
    const states: boolean[] = [];
    const all = new Relays([]);
    const connection = new RelayConnection('ws://relay', {
      dial: relay.dial,
      token: async () => 'token',
      pingEnvelope: () => PING,
      onState: ({ isUp }) => void states.push(isUp),
      onDate: () => undefined,
      onFrame: async () => undefined,
      onTooLarge: () => undefined,
      custody: all,
      log: SILENT,
    });
    connection.open();
    await vi.advanceTimersByTimeAsync(0);
    relay.sockets[0]?.hear();
    relay.sockets[0]?.send('hello');
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual([]);
    relay.sockets[0]?.send(acceptanceText({ epoch: 1, window: WINDOW }));
    await vi.advanceTimersByTimeAsync(0);
    expect([states, connection.custody?.name]).toEqual([[true], 'relay']);
  });
});

describe('a custody session', () => {
  it('packs what is sent in one turn, ends custody with each receipt, and waits for the window', async () => {
    const { relay, later, send } = startCustodyRig();
    await later();
    const handovers = Array.from({ length: 10 }, (_, n) => send(envelope(String(n))));
    await later();
    const socket = relay.sockets[0];
    expect(framesOf(socket).map(({ first, envelopes }) => [first, envelopes.length])).toEqual([[1, 8]]);
    socket?.send(receipts(1, 3, 'delivered'));
    await later();
    expect(await custodyOf(await handovers[0])).toEqual({ outcome: 'delivered', relay: 'relay' });
    expect(framesOf(socket).map(({ first, envelopes }) => [first, envelopes.length])).toEqual([
      [1, 8],
      [9, 2],
    ]);
  });

  it('asks for a sign of life after 2 s without sending, and is given up after 5 s without one', async () => {
    const { relay, later, states, state } = startCustodyRig();
    await later();
    const socket = relay.sockets[0];
    const pings = () => socket?.messages.filter((message) => message === 'ping').length;
    await later(20_000);
    expect([pings(), states]).toEqual([10, [true]]);
    state.isAlive = false;
    await later(5_100);
    // A new connection may be there already.
    expect(states.slice(0, 2)).toEqual([true, false]);
  });

  it('reads on while envelopes are in work, however many: they may wait for receipts, which come the same way', async () => {
    const window = { messages: 300, bytes: 2 ** 20 };
    const { relay, later, states, taken, ends, send } = startCustodyRig({ window });
    await later();
    const socket = relay.sockets[0];
    const many = Array.from({ length: 100 }, () => envelope('x'));
    for (let n = 0; n < 3; n += 1) socket?.send(dataFrame(1 + 100 * n, many));
    await later();
    expect([taken.length, socket?.isPaused]).toEqual([300, false]);
    const handover = await send(envelope('a'));
    socket?.send(receipts(1, 1, 'delivered'));
    expect(await custodyOf(handover)).toMatchObject({ outcome: 'delivered' });
    await later(60_000);
    expect(states).toEqual([true]);
    for (const end of ends) end({ isTaken: true });
    await later(1_000);
    expect(framesOf(socket).flatMap((each) => each.receipts)).toEqual([{ first: 1, last: 300, outcome: 'delivered' }]);
  });

  it('ends the connection of a relay that sends far more than its window', async () => {
    const { relay, later, taken, states } = startCustodyRig();
    await later();
    const socket = relay.sockets[0];
    const many = Array.from({ length: 128 }, () => envelope('x'));
    for (let first = 1; states.at(-1) === true && first < 20_000; first += 128) {
      socket?.send(dataFrame(first, many));
      await later();
    }
    expect(states.slice(0, 2)).toEqual([true, false]);
    expect(taken.length).toBeLessThan(16_384 + 2 * 128);
  });

  it('gives a receipt only after the envelope was processed, with its own data or after a second', async () => {
    const { relay, later, send, ends } = startCustodyRig();
    await later();
    const socket = relay.sockets[0];
    socket?.send(dataFrame(1, [envelope('a'), envelope('b')]));
    await later(3_000);
    expect(framesOf(socket)).toEqual([]);
    ends[0]?.({ isTaken: true });
    await later();
    await send(envelope('mine'));
    await later();
    expect(framesOf(socket)).toMatchObject([{ first: 1, receipts: [{ first: 1, last: 1 }], isUrgent: false }]);
    ends[1]?.({ isTaken: true });
    await later(999);
    expect(framesOf(socket)).toHaveLength(1);
    await later(1);
    expect(framesOf(socket)[1]).toMatchObject({ first: 0, isUrgent: true, receipts: [{ first: 2, last: 2 }] });
  });

  it('gives a receipt for which another relay waits at once', async () => {
    const { relay, later, ends } = startCustodyRig();
    await later();
    relay.sockets[0]?.send(dataFrame(1, [envelope('a')], true));
    await later();
    ends[0]?.({ isTaken: true });
    await later();
    expect(framesOf(relay.sockets[0])).toMatchObject([{ isUrgent: true, receipts: [{ first: 1, last: 1 }] }]);
  });

  it('keeps a receipt back until others have the reply, for 30 s at most', async () => {
    const { relay, later, ends } = startCustodyRig();
    await later();
    const socket = relay.sockets[0];
    socket?.send(dataFrame(1, [envelope('a'), envelope('b')]));
    await later();
    const reply = Promise.withResolvers<void>();
    ends[0]?.({ isTaken: true, until: reply.promise });
    ends[1]?.({ isTaken: true, until: new Promise(() => undefined) });
    await later(10_000);
    expect(framesOf(socket)).toEqual([]);
    reply.resolve();
    await later(1_000);
    expect(framesOf(socket)).toMatchObject([{ receipts: [{ first: 1, last: 1 }] }]);
    await later(20_000);
    expect(framesOf(socket)[1]).toMatchObject({ receipts: [{ first: 2, last: 2 }] });
  });

  it('tries an envelope again that could not be processed, and gives it up with a receipt', async () => {
    const { relay, later, ends, taken } = startCustodyRig();
    await later();
    relay.sockets[0]?.send(dataFrame(1, [envelope('a')], true));
    await later();
    ends[0]?.({ isTaken: false });
    await later(1_000);
    expect(taken).toHaveLength(2);
    ends[1]?.({ isTaken: false });
    await later(2_000);
    expect([taken.length, framesOf(relay.sockets[0])]).toEqual([3, []]);
    ends[2]?.({ isTaken: false });
    await later();
    expect(framesOf(relay.sockets[0])).toMatchObject([{ receipts: [{ first: 1, last: 1 }] }]);
  });

  it('sends what has no receipt again after a loss, in order, before what is new', async () => {
    const { relay, later, send, counts, states } = startCustodyRig();
    await later();
    for (const uid of ['a', 'b', 'c']) void send(envelope(uid));
    await later();
    relay.sockets[0]?.send(receipts(2, 2, 'stored'));
    await later();
    relay.sockets[0]?.end({ code: 1006, detail: 'torn' });
    await later();
    void send(envelope('d'));
    await later(1_000);
    expect(states).toEqual([true, false, true]);
    expect(sentBy(relay.sockets[1])).toEqual([envelope('a'), envelope('c'), envelope('d')]);
    expect(counts).toEqual(['envelope-resent lost', 'envelope-resent lost']);
  });

  it('sends what has no receipt again in a new epoch, except what this epoch acknowledges', async () => {
    const { relay, later, send, counts } = startCustodyRig();
    await later();
    for (const uid of ['a', 'b']) void send(envelope(uid));
    await later();
    const socket = relay.sockets[0];
    socket?.send(receipts(1, 1, 'delivered', EPOCH + 1));
    await later();
    expect(framesOf(socket).at(-1)).toMatchObject({ epoch: EPOCH + 1, first: 3, envelopes: [envelope('b')] });
    expect(counts).toEqual(['envelope-resent epoch']);
  });

  it('sends an envelope again after 10 s without a receipt, on the same connection', async () => {
    const { relay, later, send, counts, states } = startCustodyRig();
    await later();
    void send(envelope('a'));
    await later(10_100);
    expect(sentBy(relay.sockets[0])).toEqual([envelope('a'), envelope('a')]);
    expect([counts, states]).toEqual([['envelope-resent silent'], [true]]);
  });

  it('ends custody of an envelope that is refused, or whose time is over', async () => {
    const { relay, later, send, counts, all } = startCustodyRig();
    await later();
    const [refused, late] = [send(envelope('a')), send(envelope('b'))];
    await later();
    relay.sockets[0]?.send(receipts(1, 1, 'offline'));
    await later();
    expect(await custodyOf(await refused)).toEqual({ outcome: 'offline', relay: 'relay' });
    await later(60_200);
    expect(await custodyOf(await late)).toEqual({ outcome: 'late', relay: undefined });
    expect([counts.includes('custody-refused offline'), counts.includes('custody-late '), all.kept]).toEqual([
      true,
      true,
      0,
    ]);
  });

  it('takes a binary message that is no frame as an envelope', async () => {
    const { relay, later, taken } = startCustodyRig();
    await later();
    relay.sockets[0]?.send(envelope('plain'));
    await later();
    expect(taken).toEqual([envelope('plain')]);
  });

  it('ends the connection over a malformed frame', async () => {
    const { relay, later, states } = startCustodyRig();
    await later();
    relay.sockets[0]?.send(Uint8Array.of(1, 0));
    await later();
    expect(states.at(-1)).toBe(false);
  });

  it('names the envelope that the relay finds too large, and does not send it again', async () => {
    const { relay, later, send, refused, connection } = startCustodyRig();
    await later();
    const large = send(envelope('large', { kind: 'response' }, 5_000));
    void send(envelope('small'));
    await later();
    relay.sockets[0]?.end({ code: 1009, detail: '1009 at most 4000 bytes' });
    await later(1_000);
    expect([refused, connection.limit]).toEqual([['large'], { bytes: 4_000, isNamed: true }]);
    expect(await custodyOf(await large)).toMatchObject({ outcome: 'rejected-size' });
    expect(sentBy(relay.sockets[1])).toEqual([envelope('small')]);
  });
});
