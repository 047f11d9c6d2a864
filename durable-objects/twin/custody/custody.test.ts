import { describe, expect, it } from 'vitest';
import { envelope, got, NOW, SENDER, settle, startCustody } from '../../../test/rig/relay/custody-sessions.ts';
import type { Verdict } from '../../contract.ts';

describe('custody', () => {
  it('touches no storage for what is delivered and acknowledged', async () => {
    const { delivery, join, acknowledge, state, brought } = startCustody();
    const socket = join();
    // Counting the mailbox after a wake is a read, once.
    await delivery.deliver([envelope(1)]);
    await settle();
    acknowledge(socket, 1);
    const before = state.statements;
    for (let n = 2; n < 50; n += 1) {
      expect(await delivery.deliver([envelope(n)])).toEqual(['held']);
      await settle();
      acknowledge(socket, n);
    }
    expect([state.statements - before, brought.length]).toEqual([0, 49]);
  });

  it('packs a batch into one frame, and passes receipts on as runs', async () => {
    const { delivery, join, acknowledge, brought } = startCustody();
    const socket = join();
    expect(await delivery.deliver([envelope(1), envelope(2), envelope(3)])).toEqual(['held', 'held', 'held']);
    await settle();
    expect([socket.frames.length, got(socket)]).toEqual([1, [1, 2, 3]]);
    acknowledge(socket, 1, 2, { isUrgent: false });
    expect(brought).toEqual([]);
    acknowledge(socket, 3);
    expect(brought).toEqual(['7.70: 1–3 delivered']);
  });

  it('calls what a plain sender sent delivered, and keeps it until the receipt all the same', async () => {
    const { delivery, join, leave } = startCustody();
    join();
    expect(await delivery.deliver([envelope(1, 10, { origin: undefined })])).toEqual(['sent']);
    leave();
    const again = join();
    await delivery.drain(undefined);
    await settle();
    expect(got(again)).toEqual([1]);
  });

  it('swallows the failure of an object that takes no receipts, as code of before', async () => {
    const { delivery, join, acknowledge, works } = startCustody({
      bring: () => Promise.reject(new TypeError('no such method')),
    });
    const socket = join();
    await delivery.deliver([envelope(1)]);
    await settle();
    acknowledge(socket, 1);
    await Promise.all(works);
  });

  it('has what the mailbox refused sent again: the session may have it, so nobody gets an error', async () => {
    const { delivery, join, leave, brought, refused } = startCustody({ maxMessages: 2 });
    join();
    const late = envelope(2, 10, { expiresAt: NOW });
    await delivery.deliver([envelope(1), late, envelope(3), envelope(4)]);
    leave();
    expect(refused).toEqual(['expired', 'mailbox-share', 'mailbox-share']);
    expect(brought).toEqual(['7.70: 1–1 stored', '7.70: 2–4 undelivered']);
  });

  it('has what a full database refused sent again, and loses the session all the same', async () => {
    const { delivery, join, leave, brought, refused, state } = startCustody();
    join();
    await delivery.deliver([envelope(1), envelope(2)]);
    state.isFull = true;
    leave();
    expect(brought).toEqual(['7.70: 1–2 undelivered']);
    expect(refused).toEqual(['mailbox-full', 'mailbox-full']);
    state.isFull = false;
    expect(await delivery.deliver([envelope(3)])).toEqual(['stored']);
  });

  it('brings no receipts to an object that gets no calls for a pause', async () => {
    const { delivery, join, acknowledge, brought, custody, state } = startCustody();
    const socket = join();
    await delivery.deliver([envelope(1), envelope(2)]);
    await settle();
    state.stopped = SENDER;
    acknowledge(socket, 1);
    expect(brought).toEqual([]);
    // They go with the probe. If that never ran, they wait again.
    const taken = custody.take(SENDER) ?? new Uint8Array();
    custody.stayed(SENDER, taken);
    state.stopped = undefined;
    acknowledge(socket, 2);
    expect(brought).toEqual(['7.70: 1–2 delivered']);
  });

  it('refuses what is newer when the mailbox cannot take what is in flight: order holds', async () => {
    const { delivery, join, leave, refused } = startCustody({ maxMessages: 2 });
    join();
    const large = 2 ** 21;
    expect(await delivery.deliver([envelope(1, large), envelope(2, large)])).toEqual(['held', 'held']);
    expect(await delivery.deliver([envelope(3, large)])).toEqual(['full']);
    leave();
    const again = join();
    await delivery.drain(undefined);
    await settle();
    // The second one had its end when the session left.
    expect([got(again), refused]).toEqual([[1], ['mailbox-share']]);
  });

  it('has 24 MiB for all sessions together: more is stored, and sent once there is room', async () => {
    const { delivery, join, leave, acknowledge } = startCustody();
    const sids = Array.from({ length: 9 }, (_, n) => `s${n}`);
    const sockets = sids.map((sid, n) => join(sid, { connection: n }));
    const verdicts: (Verdict | undefined)[] = [];
    for (const sid of sids) verdicts.push((await delivery.deliver([envelope(1, 3 * 2 ** 20, { sid })]))[0]);
    expect(verdicts).toEqual([...Array(8).fill('held'), 'stored']);
    await settle();
    const [first, last] = [sockets[0], sockets[8]];
    if (first === undefined || last === undefined) throw new Error('no sessions');
    expect(got(last)).toEqual([]);
    acknowledge(first, 1);
    await settle();
    expect(got(last)).toEqual([1]);
    expect(await delivery.deliver([envelope(2, 3 * 2 ** 20, { sid: 's0' })])).toEqual(['stored']);
    leave('s1');
    await settle();
    expect(got(first)).toEqual([1, 2]);
  });

  it('says from which sequence on it knows a client', async () => {
    const { delivery, join, custody } = startCustody();
    const socket = join();
    const frame = { epoch: 9, since: 0, isUrgent: false, receipts: [], envelopes: [new Uint8Array(1)] };
    await delivery.deliver([envelope(1)]);
    await settle();
    for (const first of [5, 6]) custody.receive(socket, { ...frame, first });
    await delivery.deliver([envelope(2)]);
    await settle();
    expect(socket.frames.map(({ epoch, since, first }) => [epoch, since, first])).toEqual([
      [9, 0, 1],
      [9, 5, 2],
    ]);
  });

  it('stores an urgent envelope after 2.5 s without its receipt, and answers before that with one', async () => {
    const { delivery, join, acknowledge, pass } = startCustody();
    const socket = join();
    const urgent = { origin: undefined, isUrgent: true };
    const verdict = delivery.deliver([envelope(1, 10, urgent)]);
    await settle();
    expect(socket.frames[0]?.isUrgent).toBe(true);
    acknowledge(socket, 1);
    expect(await verdict).toEqual(['sent']);
    const late = delivery.deliver([envelope(2, 10, urgent)]);
    await settle();
    await pass(2_500);
    expect(await late).toEqual(['stored']);
  });
});
