import { WebSocket } from 'ws';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { mintToken } from '../../../proto/token/token.ts';

/**
 * A twin that knows what its relay has taken over. It sends some envelopes, then a marker: a request for the same
 * twin whose time is over, which the relay refuses in its turn. Once that refusal is back, all that was sent before
 * it is the relay's to answer for, and is never sent again; what no marker confirmed when the connection broke is.
 */
export interface LedgerClient extends AsyncDisposable {
  /** Signs and sends; resolves when the relay has taken it over. */
  send(envelope: Envelope): Promise<void>;
  /** Uids that were sent more than once, for want of a sign that they had been taken. */
  readonly resent: ReadonlySet<string>;
  /** Connections that it had. */
  readonly connections: number;
}

interface Unconfirmed {
  readonly uid: string;
  readonly bytes: Uint8Array;
  /** The number of the marker behind it, on this connection; undefined while it has not been sent. */
  behind: number | undefined;
  readonly taken: () => void;
}

const BATCH = 50;
const RECONNECT_MS = 100;

/**
 * Opens one; it comes back to its relay for ever.
 * @param to the one twin that it writes to
 * @param take what comes for it, markers aside
 */
export function openLedgerClient(
  url: string,
  self: { readonly twin: number; readonly identity: Identity },
  to: number,
  take: (envelope: Envelope) => void,
): LedgerClient {
  const unconfirmed: Unconfirmed[] = [];
  const resent = new Set<string>();
  let socket: WebSocket | undefined;
  let connections = 0;
  let markers = 0;
  let waiting = false;
  let closed = false;

  const flush = () => {
    if (waiting || socket?.readyState !== WebSocket.OPEN) return;
    const batch = unconfirmed.slice(0, BATCH);
    if (batch.length === 0) return;
    markers += 1;
    waiting = true;
    for (const each of batch) {
      each.behind = markers;
      socket.send(each.bytes);
    }
    socket.send(encodeEnvelope(markerOf(self.twin, to, markers)));
  };

  const onFrame = (data: Buffer) => {
    const decoded = decodeEnvelope(new Uint8Array(data));
    if (!decoded.ok) throw new Error(`the relay sent no envelope: ${decoded.error.detail}`);
    const envelope = decoded.value;
    if (!envelope.uid.startsWith('marker-')) return take(envelope);
    const number = Number(envelope.uid.slice('marker-'.length));
    if (number !== markers) return;
    waiting = false;
    while (unconfirmed[0]?.behind !== undefined && unconfirmed[0].behind <= number) unconfirmed.shift()?.taken();
    flush();
  };

  const connect = async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await mintToken({ twin: self.twin, now, ttl: 300 }, self.identity);
    const options = { perMessageDeflate: false, closeTimeout: 300 };
    const opening = new WebSocket(`${url}/?${token}`, options);
    opening.on('open', () => {
      connections += 1;
      waiting = false;
      // It is unknown whether these arrived: they are sent again, and count as sent twice.
      for (const each of unconfirmed) {
        if (each.behind === undefined) continue;
        each.behind = undefined;
        resent.add(each.uid);
      }
      socket = opening;
      flush();
    });
    opening.on('message', onFrame);
    opening.on('error', () => undefined);
    opening.on('close', () => {
      if (socket === opening) socket = undefined;
      if (!closed) setTimeout(() => void connect(), RECONNECT_MS);
    });
    if (closed) opening.terminate();
  };
  void connect();

  return {
    resent,
    get connections() {
      return connections;
    },
    send: async (envelope) => {
      const bytes = encodeEnvelope(await signEnvelope(envelope, self.identity));
      const { promise, resolve } = Promise.withResolvers<void>();
      unconfirmed.push({ uid: envelope.uid, bytes, behind: undefined, taken: resolve });
      flush();
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      socket?.terminate();
    },
  };
}

function markerOf(from: number, to: number, number: number): Envelope {
  return {
    uid: `marker-${number}`,
    timestamp: 1n,
    expiration: 1n,
    source: { twin: from },
    destination: { twin: to, connection: 'marker' },
    content: { kind: 'request', command: 'marker' },
    relays: [],
  };
}
