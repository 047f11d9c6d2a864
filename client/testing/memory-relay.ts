import { type Address, formatAddress } from '../../proto/envelope/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, errorReply, pongOf } from '../../proto/envelope/envelope.ts';
import { type Reason, reasonText } from '../../proto/reasons.ts';
import { parseToken } from '../../proto/token/token.ts';
import type { Dial, Socket } from '../session/socket.ts';

/** Close codes of WebSockets: the normal end, and an end without a handshake. */
const NORMAL_CODE = 1000;
const TORN_CODE = 1006;

/** One session: its address, and the way of frames to it. */
interface Member {
  readonly address: Address;
  deliver(envelope: Envelope): void;
  /** Ends the session; another one took its name. */
  end(): void;
}

/**
 * Returns a relay in memory. It routes envelopes by twin and sid, answers pings, and refuses a request whose destination
 * is not connected, as a relay refuses it. It stores nothing, takes no custody and checks no signature: clients do.
 * @param isTwin whether a twin exists
 */
export function memoryRelay(isTwin: (twin: number) => boolean): Dial {
  const members = new Map<string, Member>();
  const route = (envelope: Envelope, from: Member): void => {
    const { content, destination } = envelope;
    const to = destination === undefined ? undefined : members.get(formatAddress(destination));
    if (content?.kind === 'ping') from.deliver(pongOf(envelope));
    else if (to !== undefined) to.deliver(envelope);
    else if (content?.kind === 'request') {
      const reason: Reason = isTwin(destination?.twin ?? 0) ? 'offline' : 'unknown-twin';
      from.deliver(errorReply(envelope, from.address, reasonText(reason), Date.now() / 1000));
    }
  };
  return (url, port) => {
    let isLost = false;
    const lose = (code: number, detail: string) => {
      if (isLost) return;
      isLost = true;
      if (members.get(name) === member) members.delete(name);
      queueMicrotask(() => port.onLost({ code, detail }));
    };
    const address = addressIn(url);
    const name = formatAddress(address);
    const member: Member = {
      address,
      deliver: (envelope) => queueMicrotask(() => isLost || port.onMessage(encodeEnvelope(envelope))),
      end: () => lose(NORMAL_CODE, 'another session has this name now'),
    };
    members.get(name)?.end();
    members.set(name, member);
    queueMicrotask(() => isLost || port.onOpen());
    const socket: Socket = {
      unsent: 0,
      send: async (message) => {
        const decoded = typeof message === 'string' ? undefined : decodeEnvelope(message);
        if (!isLost && decoded?.ok) route(decoded.value, member);
        return !isLost;
      },
      // Nothing is read ahead: a reader that pauses gets what is on its way.
      pause: () => undefined,
      resume: () => undefined,
      close: (code, reason = '') => lose(code, `${code} ${reason}`.trim()),
      terminate: () => lose(TORN_CODE, 'connection closed'),
    };
    return socket;
  };
}

/** Returns the session that a token names. Throws when the URL has none: only this project's client dials. */
function addressIn(url: string): Address {
  const token = parseToken(new URL(url).search.slice(1));
  if (!token.ok) throw new Error(`the URL of a session has no token: ${url}`);
  const { sub, sid } = token.value.claims;
  return sid === undefined ? { twin: sub } : { twin: sub, connection: sid };
}
