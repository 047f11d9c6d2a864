import type { StreamPart } from '../../proto/stream/tags.ts';
import { endingText, type RunningRequest } from './running.ts';

/** One of several replies. */
export interface StreamReply {
  readonly data: Uint8Array;
  readonly schema?: string | undefined;
}

/** Sends a reply of a stream, or its error. Returns false when the caller was told that it does not get it. */
export type SendPart = (reply: StreamReply | { readonly error: string }, part: StreamPart) => Promise<boolean>;

const END: StreamReply = { data: new Uint8Array(0) };

/**
 * Sends several replies, each as soon as the caller takes it. Asks for a reply only when it may leave. Ends the
 * iteration when the work ends, whatever the iteration waits for.
 * @returns why the stream ended early, for people; undefined after its last reply
 */
export async function sendReplies(
  replies: AsyncIterable<StreamReply, unknown>,
  running: RunningRequest,
  send: SendPart,
): Promise<string | undefined> {
  const iterator = replies[Symbol.asyncIterator]();
  let seq = 0;
  try {
    while (await running.mayReply(seq)) {
      const next = await running.untilEnd(iterator.next());
      if (next === undefined) break;
      if (next.done === true) {
        await send(END, { seq, isLast: true });
        return undefined;
      }
      if (!(await send(next.value, { seq, isLast: false }))) {
        leave(iterator);
        return 'a reply could not be sent';
      }
      seq += 1;
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await send({ error: message }, { seq, isLast: true });
    return message;
  }
  leave(iterator);
  const ending = running.endedBy() ?? 'closed';
  const why = endingText(ending);
  // Only then does the caller still wait.
  if (ending === 'closed') await send({ error: why }, { seq, isLast: true });
  return why;
}

/** Lets the iteration clean up. Nobody waits for it: it may be in a step that never ends. */
function leave(iterator: AsyncIterator<unknown, unknown>): void {
  void iterator.return?.().catch(() => undefined);
}
