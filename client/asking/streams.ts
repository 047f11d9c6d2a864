import { streamTags } from '../../proto/stream/tags.ts';
import { RmbError } from '../errors.ts';
import type { CallRequest, CallResponse, Calls } from './calls.ts';
import { nameOf } from './failures.ts';
import { ReplyInbox } from './reply-inbox.ts';

/** Between two looks for a credit that was lost on its way, ms. */
const LOST_CREDIT_MS = 5_000;

/** One request for several replies. */
export interface StreamRequest extends Omit<CallRequest, 'tags'> {
  /** Replies that may come before the program reads them. */
  readonly credit: number;
}

/**
 * Sends a request as soon as the program reads, and gives its replies in order. Cancels the request if the program stops
 * before the last one.
 * Throws an `RmbError` when a reply does not come.
 */
export async function* streamOf(calls: Calls, request: StreamRequest): AsyncGenerator<CallResponse, void, undefined> {
  const { credit, ...asked } = request;
  const { to, timeout } = asked;
  const inbox = new ReplyInbox<{ readonly reply: CallResponse; readonly isEnd: boolean }>(credit);
  let isOver = false;
  const fail = (error: RmbError) => {
    // The twin or the relay has ended it, or its time has.
    isOver = error.code !== 'aborted' && error.code !== 'closed';
    const isLate = error.code === 'no-answer' && inbox.read > 0;
    const late = `the stream of ${nameOf(to)} did not end within ${timeout / 1000} s, ${inbox.read} replies came`;
    inbox.fail(isLate ? new RmbError('no-answer', late, { twin: to.twin, uid: error.uid }) : error);
    return true;
  };
  const open = calls.open({ ...asked, tags: streamTags(credit) }, (outcome, part) => {
    if (outcome instanceof RmbError) return part === undefined ? fail(outcome) : inbox.take(part, outcome);
    if (part === undefined) return inbox.takeOnly({ reply: outcome, isEnd: false });
    return inbox.take(part, { reply: outcome, isEnd: part.isLast && outcome.data.length === 0 });
  });
  let [before, granted] = [0, credit];
  const grant = () => calls.signal(open, { kind: 'credit', uid: open.uid, credit: granted });
  // All replies of the credit before are here: the producer depends on the last one, which a plain relay may have lost.
  const doubt = setInterval(() => before > 0 && inbox.read >= before && grant(), LOST_CREDIT_MS);
  try {
    for (;;) {
      const next = await inbox.next();
      if (next === undefined || next.isEnd) {
        isOver = true;
        return;
      }
      yield next.reply;
      if (inbox.isComplete || granted - inbox.read > credit / 2) continue;
      [before, granted] = [granted, inbox.read + credit];
      inbox.allow(granted);
      grant();
    }
  } finally {
    clearInterval(doubt);
    open.leave();
    if (!isOver && !inbox.isComplete) calls.signal(open, { kind: 'cancel', uid: open.uid });
  }
}
