import type { BatchEnvelope } from '../../../durable-objects/contract.ts';
import { Custody } from '../../../durable-objects/twin/custody/custody.ts';
import { unpackReceipts } from '../../../durable-objects/twin/custody/packed.ts';
import { Delivery } from '../../../durable-objects/twin/receive/delivery.ts';
import { Mailbox } from '../../../durable-objects/twin/receive/mailbox.ts';
import type { CustodyNote, Session } from '../../../durable-objects/twin/sessions/attachment.ts';
import { migrate } from '../../../durable-objects/twin/storage/schema.ts';
import { type CustodyFrame, decodeFrame } from '../../../proto/custody/frame.ts';
import { openSqlite } from './sqlite.ts';

export const NOW = 1_800_000_000;
export const SENDER = 7;

export interface Socket {
  session: Session;
  isOpen: boolean;
  readonly frames: CustodyFrame[];
}

/** The receiving half of a twin's object, with custody sessions by sid. */
export function startCustody({ maxMessages = 10_000, bring = async (): Promise<void> => undefined } = {}) {
  const database = openSqlite();
  migrate(database);
  const state = {
    now: NOW * 1000,
    statements: 0,
    answeredAt: 0,
    stopped: undefined as number | undefined,
    isFull: false,
  };
  const sql: typeof database = {
    exec: (query, ...bindings) => {
      state.statements += 1;
      if (state.isFull && query.startsWith('INSERT')) throw new Error('database or disk is full: SQLITE_FULL');
      return database.exec(query, ...bindings);
    },
  };
  const sockets = new Map<string | undefined, Socket>();
  const brought: string[] = [];
  const lost: string[] = [];
  const refused: string[] = [];
  const works = new Set<Promise<void>>();
  const waits: { readonly at: number; readonly end: () => void }[] = [];
  const host = {
    now: () => state.now,
    wait: (ms: number, signal?: AbortSignal) => {
      if (ms === 0) return Promise.resolve();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waits.push({ at: state.now + ms, end: resolve });
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
      return promise;
    },
    background: (work: Promise<void>) => {
      works.add(work);
      void work.finally(() => works.delete(work));
    },
  };
  const custody: Custody<Socket> = new Custody<Socket>(9, {
    host,
    count: () => undefined,
    twin: 1,
    sessions: {
      all: () => [...sockets.values()],
      sessionOf: ({ session }) => session,
      sender: (sid) => {
        const socket = sockets.get(sid);
        if (socket === undefined) return undefined;
        return {
          socket,
          send: (bytes) => {
            const frame = decodeFrame(bytes);
            if (!frame.ok) throw new Error(frame.error);
            if (socket.isOpen) socket.frames.push(frame.value);
            return socket.isOpen;
          },
        };
      },
    },
    answeredAt: () => state.answeredAt,
    reporter: { transmitted: () => undefined, framed: () => undefined, acknowledged: () => undefined },
    lose: ({ session }, why) => {
      lost.push(why);
      sockets.delete(session.sid);
      delivery.ended(session.sid, false);
    },
    delivery: () => delivery,
    isWaiting: () => false,
    isStopped: (twin) => state.stopped === twin,
    bring: async (twin, packed) => {
      for (const { connection, first, last, outcome } of unpackReceipts(packed))
        brought.push(`${twin}.${connection}: ${first}–${last} ${outcome}`);
      await bring();
    },
  });
  const delivery: Delivery = new Delivery(new Mailbox(sql, { maxMessages, maxBytes: 2 ** 26 }), 3600, {
    host,
    count: (metric, _, label) => void (metric === 'relay_messages_dropped_total' && refused.push(label ?? '')),
    outlets: { has: (sid) => sockets.has(sid), of: () => undefined },
    alarms: { arm: async () => undefined, cancel: async () => undefined },
    reporter: { stored: () => undefined },
    handOuts: { read: () => undefined, write: () => undefined },
    custody,
  });
  const join = (sid?: string, note: CustodyNote = { connection: 50 }): Socket => {
    const socket = { session: { twin: 1, sid, host: 'relay.example', custody: note }, isOpen: true, frames: [] };
    sockets.set(sid, socket);
    delivery.ended(sid, false);
    custody.opened(socket);
    return socket;
  };
  const leave = (sid?: string) => {
    sockets.delete(sid);
    delivery.ended(sid, false);
  };
  const acknowledge = (socket: Socket, first: number, last = first, { isUrgent = true, epoch = 9 } = {}) => {
    const receipts = [{ first, last, outcome: 'delivered' as const }];
    custody.receive(socket, { epoch, since: 0, isUrgent, receipts, first: 0, envelopes: [] });
    custody.passOn(isUrgent);
  };
  /** Lets the time come until `ms` from the start. */
  const pass = async (ms: number) => {
    state.now = NOW * 1000 + ms;
    for (const { at, end } of waits.splice(0, waits.length)) {
      if (at <= state.now) end();
      else waits.push({ at, end });
    }
    await settle();
  };
  return { state, custody, delivery, join, leave, acknowledge, pass, brought, lost, refused, works };
}

/** Lets all that is ready happen. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** An envelope of a sender with custody, filled with its sequence. */
export function envelope(sequence: number, bytes = 10, fields: Partial<BatchEnvelope> = {}): BatchEnvelope {
  const origin = { twin: SENDER, connection: 70, sequence };
  return { bytes: new Uint8Array(bytes).fill(sequence), ifAway: 'store', expiresAt: NOW + 60, origin, ...fields };
}

/** The first byte of each envelope that a session got. */
export const got = ({ frames }: Socket) => frames.flatMap(({ envelopes }) => envelopes.map((each) => each[0]));
