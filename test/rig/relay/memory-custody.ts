import { vi } from 'vitest';
import type { PeerFault } from '../../../client/errors.ts';
import type { FrameEnd, Handover } from '../../../client/ports.ts';
import { RelayConnection } from '../../../client/session/connection.ts';
import { Relays } from '../../../client/session/relays.ts';
import { acceptanceText } from '../../../proto/custody/acceptance.ts';
import { type CustodyFrame, decodeFrame, encodeFrame, isCustodyFrame } from '../../../proto/custody/frame.ts';
import type { Outcome } from '../../../proto/custody/outcome.ts';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { type Behaviour, type DialledSocket, startMemoryRelay } from './memory-relay.ts';

export const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const EPOCH = 5;
export const WINDOW = { messages: 8, bytes: 100_000 };
export const envelope = (uid: string, content: Envelope['content'] = { kind: 'request', command: 'x' }, size = 0) =>
  encodeEnvelope({
    uid,
    timestamp: 1n,
    expiration: 60n,
    source: { twin: 1 },
    destination: { twin: 2 },
    content,
    payload: { kind: 'plain', bytes: new Uint8Array(size) },
    relays: [],
  });
export const PING = envelope('ping', { kind: 'ping' });

/** A relay that accepts custody, and answers the keep-alive while it is alive. */
export function startCustodyRig({
  answers = true,
  window = WINDOW,
  accepts = true,
}: {
  answers?: boolean;
  window?: typeof WINDOW;
  accepts?: boolean;
} = {}) {
  const state = { isAlive: answers };
  const behaviour: Behaviour = {
    hasPings: !accepts,
    onEnvelope: ({ content }, from) => {
      if (accepts && content?.kind === 'ping') from.send(acceptanceText({ epoch: EPOCH, window }));
    },
    onOther: (message, from) => {
      if (message === 'ping' && state.isAlive) from.send('pong');
    },
  };
  const relay = startMemoryRelay(behaviour);
  const counts: string[] = [];
  const taken: Uint8Array[] = [];
  const ends: ((end: FrameEnd | undefined) => void)[] = [];
  const states: boolean[] = [];
  const refused: string[] = [];
  const connection: RelayConnection = new RelayConnection('ws://relay', {
    dial: relay.dial,
    token: async () => 'token',
    pingEnvelope: () => PING,
    onState: ({ isUp }) => {
      states.push(isUp);
      if (isUp) all.wake();
    },
    onDate: () => undefined,
    onFrame: (frame) => {
      taken.push(frame);
      return new Promise((resolve) => ends.push(resolve));
    },
    onTooLarge: ({ uid }) => void refused.push(uid),
    onEnded: (isTorn) => all.ended(connection, isTorn),
    custody: {
      opened: (way, each) => all.opened(way, each),
      receive: (way, receipts, lostBefore) => all.receive(way, receipts, lostBefore),
      lost: (way) => all.lost(way),
      without: (way) => all.without(way),
    },
    log: SILENT,
  });
  const all = new Relays([connection], {
    count: (event, detail = '') => void counts.push(`${event} ${detail}`),
    isWorthRepeating: async () => true,
  });
  connection.open();
  const later = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const send = (bytes: Uint8Array) => all.send(bytes, Date.now() + 60_000);
  return { relay, connection, all, counts, taken, ends, states, refused, later, send, state };
}

/** Frames that a relay was sent. */
export function framesOf(socket: DialledSocket | undefined): CustodyFrame[] {
  return (socket?.messages ?? []).flatMap((message) => {
    if (typeof message === 'string' || !isCustodyFrame(message)) return [];
    const decoded = decodeFrame(message);
    if (!decoded.ok) throw new Error(decoded.error);
    return [decoded.value];
  });
}
export const sentBy = (socket: DialledSocket | undefined) => framesOf(socket).flatMap(({ envelopes }) => envelopes);
export const receipts = (first: number, last: number, outcome: Outcome, epoch = EPOCH) =>
  encodeFrame({ epoch, since: 0, isUrgent: false, receipts: [{ first, last, outcome }], first: 0, envelopes: [] });
export const dataFrame = (first: number, envelopes: Uint8Array[], isUrgent = false, epoch = EPOCH) =>
  encodeFrame({ epoch, since: 0, isUrgent, receipts: [], first, envelopes });
export async function custodyOf(handover: Handover | PeerFault | undefined): Promise<unknown> {
  return handover !== undefined && 'custody' in handover ? handover.custody : handover;
}
