import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RmbError } from '../errors.ts';
import { ReplyInbox } from './reply-inbox.ts';

const more = (seq: number) => ({ seq, isLast: false });
const last = (seq: number) => ({ seq, isLast: true });

/** Reads until the end. */
async function all(inbox: ReplyInbox<string>): Promise<string[]> {
  const replies: string[] = [];
  for (;;) {
    const reply = await inbox.next();
    if (reply === undefined) return replies;
    replies.push(reply);
  }
}

describe('the inbox of a stream', () => {
  it('gives replies in order, however they come', async () => {
    const inbox = new ReplyInbox<string>(9);
    const reading = all(inbox);
    expect([inbox.take(last(2), 'c'), inbox.take(more(1), 'b'), inbox.take(more(0), 'a')]).toEqual([true, true, true]);
    expect(await reading).toEqual(['a', 'b', 'c']);
    expect([inbox.isComplete, inbox.read]).toEqual([true, 3]);
  });

  it('drops a repeat, read or not, even with other content', async () => {
    const inbox = new ReplyInbox<string>(9);
    inbox.take(more(0), 'a');
    inbox.take(more(1), 'b');
    await inbox.next();
    expect([inbox.take(more(0), 'x'), inbox.take(more(1), 'x'), inbox.take(last(1), 'x')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await inbox.next()).toBe('b');
  });

  it('takes no reply beyond its limit or after the last, so that it stays bounded', () => {
    const inbox = new ReplyInbox<string>(2);
    expect(inbox.take(more(2), 'c')).toBe(false);
    inbox.allow(3);
    expect(inbox.take(last(2), 'c')).toBe(true);
    inbox.allow(9);
    expect(inbox.take(more(3), 'd')).toBe(false);
  });

  it('takes an error without credit, after the replies before it', async () => {
    const inbox = new ReplyInbox<string>(1);
    inbox.take(last(1), new RmbError('answered-error', 'no'));
    inbox.take(more(0), 'a');
    expect(await inbox.next()).toBe('a');
    await expect(inbox.next()).rejects.toThrow('no');
    expect(inbox.isComplete).toBe(true);
  });

  it('ends at once with an error of the relay, after what is here in order', async () => {
    const inbox = new ReplyInbox<string>(9);
    inbox.take(more(0), 'a');
    inbox.take(more(2), 'c');
    inbox.fail(new RmbError('offline', 'gone'));
    expect(await inbox.next()).toBe('a');
    await expect(inbox.next()).rejects.toMatchObject({ code: 'offline' });
    expect(inbox.isComplete).toBe(false);
  });

  it('takes the one reply of a peer that does not stream, and none in the middle of a stream', async () => {
    const one = new ReplyInbox<string>(9);
    expect([one.takeOnly('a'), one.takeOnly('b')]).toEqual([true, false]);
    expect(await all(one)).toEqual(['a']);
    const begun = new ReplyInbox<string>(9);
    begun.take(more(0), 'a');
    expect(begun.takeOnly('b')).toBe(false);
  });

  it('fails when a reply is missing for 15 s while a later one is here', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const inbox = new ReplyInbox<string>(9);
    inbox.take(more(0), 'a');
    inbox.take(last(3), 'd');
    const reading = expect(all(inbox)).rejects.toMatchObject({
      code: 'incomplete',
      message: 'reply 1 of the stream is missing, reply 3 came 15 s ago: ask again',
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await reading;
  });

  it('waits for as long as it takes when nothing is missing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const inbox = new ReplyInbox<string>(9);
    const reading = all(inbox);
    await vi.advanceTimersByTimeAsync(600_000);
    inbox.take(last(0), 'a');
    expect(await reading).toEqual(['a']);
  });
});
