import { describe, expect, it } from 'vitest';
import { envelope, got, NOW, settle, startCustody } from '../../../test/rig/relay/custody-sessions.ts';

describe('custody of a session that is lost, or a memory that is', () => {
  it('closes a session that is silent for 5 s, or acknowledges nothing for 60 s, and stores what it had', async () => {
    const { delivery, join, pass, lost, state } = startCustody();
    join('silent', { connection: 1 });
    await delivery.deliver([envelope(1, 10, { sid: 'silent', origin: undefined })]);
    await pass(4_999);
    expect(lost).toEqual([]);
    await pass(5_000);
    expect(lost).toEqual(['silent']);
    join('stuck', { connection: 2 });
    await delivery.deliver([envelope(2, 10, { sid: 'stuck', expiresAt: NOW + 600, origin: undefined })]);
    for (let seconds = 6; seconds < 65; seconds += 1) {
      state.answeredAt = state.now;
      await pass(seconds * 1000);
    }
    expect(lost).toEqual(['silent']);
    await pass(65_000);
    expect(lost).toEqual(['silent', 'stuck']);
  });

  it('finds a silent session without a timer when its sender sends again, and stores what it had in order', async () => {
    const { delivery, join, pass, lost, brought, works } = startCustody();
    join();
    await delivery.deliver([envelope(1), envelope(2)]);
    await settle();
    expect(works.size).toBe(0);
    await pass(5_000);
    expect(lost).toEqual([]);
    expect(await delivery.deliver([envelope(1)])).toEqual(['stored']);
    expect([lost, brought]).toEqual([['silent'], ['7.70: 1–2 stored']]);
    const again = join();
    await delivery.drain(undefined);
    await settle();
    expect(got(again)).toEqual([1, 2, 1]);
  });

  it('holds a timer for senders without custody, until everything is acknowledged', async () => {
    const { delivery, join, acknowledge, works } = startCustody();
    const socket = join();
    await delivery.deliver([envelope(1, 10, { origin: undefined })]);
    await settle();
    expect(works.size).toBe(1);
    acknowledge(socket, 1);
    await settle();
    expect(works.size).toBe(0);
  });

  it('has a timer for a page of its mailbox: while mail is stored, no event looks at the session', async () => {
    const { delivery, join, pass, lost, works } = startCustody();
    await delivery.deliver([envelope(1)]);
    join();
    await delivery.drain(undefined);
    await settle();
    expect(works.size).toBe(1);
    await pass(4_999);
    expect(lost).toEqual([]);
    await pass(5_000);
    expect(lost).toEqual(['silent']);
    const again = join();
    await delivery.drain(undefined);
    await settle();
    expect(got(again)).toEqual([1]);
  });

  it('takes no receipt of another epoch, and hands out again what a lost memory had handed out', async () => {
    const { delivery, join, leave, acknowledge, brought } = startCustody();
    join();
    await delivery.deliver([envelope(1)]);
    leave();
    brought.length = 0;
    const socket = join();
    await delivery.deliver([envelope(2)]);
    // Nobody drains this mailbox yet: the receipt is about a page that another life of the object had sent.
    acknowledge(socket, 1, 2, { epoch: 8 });
    await settle();
    expect([got(socket), brought]).toEqual([[1, 2], []]);
    acknowledge(socket, 1, 2);
    await settle();
    leave();
    const again = join();
    await delivery.drain(undefined);
    await settle();
    expect(got(again)).toEqual([]);
  });
});
