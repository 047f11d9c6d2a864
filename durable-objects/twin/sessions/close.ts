import { TAKEN_OVER, USED_TWICE } from '../../../proto/session-close.ts';

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5: 125 with the code). */
const MAX_REASON_BYTES = 123;

/** Close frames of the relay. The codes 4000–4999 are for private use (RFC 6455 §7.4.2). */
export const CLOSE = {
  text: { code: 1003, reason: 'text frame: RMB speaks binary envelopes only' },
  takenOver: TAKEN_OVER,
  usedTwice: USED_TWICE,
  backPressure: { code: 4408, reason: 'this client shows no sign that it reads; its messages wait in the mailbox' },
  silent: { code: 4408, reason: 'no sign of life from this client for 5 s; its messages wait in the mailbox' },
  stuck: { code: 4408, reason: 'this client acknowledged nothing for 60 s; its messages wait in the mailbox' },
  unreadable: { code: 1012, reason: 'the relay was updated and cannot read this session: connect again' },
} as const;

/** Returns the close for an envelope that is too large. The peer tells its program the limit in the reason. */
export function oversize(maxBytes: number): { code: number; reason: string } {
  return { code: 1009, reason: `envelope too large: this relay takes ${maxBytes} bytes` };
}

/** Returns the close for a frame that is no envelope, with what is wrong. */
export function undecodable(detail: string): { code: number; reason: string } {
  return { code: 1007, reason: fitReason(`not an envelope: ${detail}`) };
}

/** Returns the close for a malformed custody frame, with what is wrong. */
export function malformedFrame(detail: string): { code: number; reason: string } {
  return { code: 1008, reason: fitReason(`not a custody frame: ${detail}`) };
}

/** Cuts a reason to the size of a close frame, but not within a character. */
export function fitReason(reason: string): string {
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { read } = new TextEncoder().encodeInto(reason, bytes);
  return reason.slice(0, read);
}

/** Codes that mean a close without a code, or no close at all. They must not be sent (RFC 6455 §7.4.1). */
const RESERVED = new Set([1005, 1006, 1015]);

/** Answers the close of a client, with the same code and reason. */
export function answerClose(
  socket: { close(code?: number, reason?: string): void },
  code: number,
  reason: string,
): void {
  try {
    if (RESERVED.has(code)) socket.close();
    else socket.close(code, fitReason(reason));
  } catch {
    // It is closed already, by the runtime or because the connection broke.
  }
}
