import { connect } from 'node:net';

/** A connection that is silent for this long is given up (ms): the relay waits for more bytes. */
const SILENCE_MS = 5_000;

/** The body of the Worker's answer when it throws. */
const FAILED = 'internal error';

/** The answers on a connection. */
export interface Exchange {
  readonly answers: number;
  /** Whether one answer is the Worker's internal error. */
  readonly isFailed: boolean;
  /** Whether the relay neither completed its answers nor closed. */
  readonly isSilent: boolean;
}

/** Sends bytes to a port of this machine, ends its side, and reads until the other side ends. Never rejects. */
export function exchange(port: number, bytes: Uint8Array): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let isSilent = false;
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      // An upgraded connection stays open until somebody closes it.
      if (text.includes('HTTP/1.1 101')) socket.destroy();
    });
    socket.setTimeout(SILENCE_MS, () => {
      isSilent = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve({ answers: countIn(text), isFailed: text.includes(FAILED), isSilent }));
    socket.end(bytes);
  });
}

function countIn(text: string): number {
  return text.split(/HTTP\/1\.1 \d{3} /).length - 1;
}
