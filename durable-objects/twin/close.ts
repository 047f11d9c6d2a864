import { TAKEN_OVER, USED_TWICE } from '../../proto/session-close.ts';

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5: 125 with the code). */
const MAX_REASON_BYTES = 123;

/** Why the relay ends a connection; 4000–4999 are ours to define (RFC 6455 §7.4.2). */
export const CLOSE = {
  text: { code: 1003, reason: 'text frame: RMB speaks binary envelopes only' },
  takenOver: TAKEN_OVER,
  usedTwice: USED_TWICE,
  unreadable: { code: 1012, reason: 'the relay was updated and cannot read this session: connect again' },
} as const;

/** The close for an envelope of more bytes than the relay takes: the peer tells its program how many that are. */
export function oversize(maxBytes: number): { code: number; reason: string } {
  return { code: 1009, reason: `envelope too large: this relay takes ${maxBytes} bytes` };
}

/** The close for a frame that is no envelope, with what is wrong about it. */
export function undecodable(detail: string): { code: number; reason: string } {
  return { code: 1007, reason: fitReason(`not an envelope: ${detail}`) };
}

/** Cuts a reason to what a close frame can carry, never through a character. */
export function fitReason(reason: string): string {
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { read } = new TextEncoder().encodeInto(reason, bytes);
  return reason.slice(0, read);
}

/** Codes that stand for a close without a code, or for none at all; none may be sent (RFC 6455 §7.4.1). */
const RESERVED = new Set([1005, 1006, 1015]);

/** Finishes the handshake that the peer began, with its own words. */
export function answerClose(
  socket: { close(code?: number, reason?: string): void },
  code: number,
  reason: string,
): void {
  try {
    if (RESERVED.has(code)) socket.close();
    else socket.close(code, fitReason(reason));
  } catch {
    // It is closed already: the runtime was faster, or the connection broke.
  }
}
