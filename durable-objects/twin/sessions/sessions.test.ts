import { describe, expect, it } from 'vitest';
import { TAKEN_OVER, USED_TWICE } from '../../../proto/session-close.ts';
import { MAX_SESSIONS, Sessions } from './sessions.ts';
import { type Socket, tagOf } from './socket.ts';

class FakeSocket implements Socket {
  readyState = 1;
  attachment: unknown = null;
  readonly sent: Uint8Array[] = [];
  closed: number | undefined;
  reason = '';
  send(bytes: Uint8Array): void {
    if (this.readyState !== 1) throw new TypeError('closed');
    this.sent.push(bytes);
  }
  close(code: number, reason: string): void {
    this.readyState = 2;
    this.closed = code;
    this.reason = reason;
  }
  serializeAttachment(attachment: unknown): void {
    this.attachment = structuredClone(attachment);
  }
  deserializeAttachment(): unknown {
    return structuredClone(this.attachment);
  }
}

/** The sockets of the platform, which outlive the object. */
function platform() {
  const sockets: { socket: FakeSocket; tags: string[] }[] = [];
  return {
    acceptWebSocket: (socket: FakeSocket, tags: string[]) => void sockets.push({ socket, tags }),
    getWebSockets: (tag?: string) =>
      sockets.filter(({ tags }) => tag === undefined || tags.includes(tag)).map(({ socket }) => socket),
  };
}

/** Returns the sessions of an object that has just woken. */
const open = (store: ReturnType<typeof platform>, leaves: (socket: FakeSocket) => void = () => undefined) =>
  new Sessions(store, leaves);

/** Sets the state of sockets after two sleeps: open, if the client has not answered the close. */
const sleepTwice = (...sockets: FakeSocket[]) => {
  for (const socket of sockets) socket.readyState = 1;
};

const session = (sid?: string) => ({ twin: 1, sid, host: 'relay.example' });
const NOW = 1_800_000_000_000;

describe('Sessions', () => {
  it('sends to the session, and to no other', () => {
    const sessions = open(platform());
    const [none, empty] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(none, session(), NOW);
    sessions.accept(empty, session(''), NOW);
    expect(sessions.sender('')?.send(new Uint8Array([1]))).toBe(true);
    expect(sessions.sender('other')).toBeUndefined();
    expect([none.sent.length, empty.sent.length]).toEqual([0, 1]);
  });

  it('finds its sockets again after a sleep', () => {
    const store = platform();
    const socket = new FakeSocket();
    open(store).accept(socket, session('x'.repeat(1000)), NOW);
    const woken = open(store);
    expect(woken.sender('x'.repeat(1000))?.send(new Uint8Array([1]))).toBe(true);
    expect(socket.sent).toHaveLength(1);
  });

  it('lets the newer connection of a session win at once', () => {
    const sessions = open(platform());
    const [older, newer] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(older, session(), NOW);
    expect(sessions.accept(newer, session(), NOW + 1)).toBe('replaced');
    expect(older.closed).toBe(4409);
    sessions.sender(undefined)?.send(new Uint8Array([1]));
    expect([older.sent.length, newer.sent.length]).toEqual([0, 1]);
  });

  it('never takes a closed socket for a session again, although the platform calls it open after two sleeps', () => {
    const store = platform();
    const sessions = open(store);
    const [ghost, newer, bad, other] = [new FakeSocket(), new FakeSocket(), new FakeSocket(), new FakeSocket()];
    sessions.accept(ghost, session(), NOW);
    sessions.accept(newer, session(), NOW);
    sessions.accept(bad, session('bad'), NOW);
    sessions.dismiss(bad, { code: 1003, reason: 'text frame' });
    sessions.accept(other, session('x'), NOW);
    sleepTwice(ghost, bad);
    const woken = open(store);
    expect(woken.all()).toEqual([newer, other]);
    expect([woken.has('bad'), woken.hears(ghost), woken.hears(bad), woken.isOpen(ghost)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    woken.sender(undefined)?.send(new Uint8Array([1]));
    expect([ghost.sent.length, newer.sent.length]).toEqual([0, 1]);
    newer.readyState = 3;
    expect(woken.ended(newer, 1006)).toEqual({ sid: undefined, wasDismissed: false });
    sleepTwice(newer);
    expect(open(store).has(undefined)).toBe(false);
  });

  it('reports once that a socket loses its notes, before it marks the socket', () => {
    const store = platform();
    const left: (number | undefined)[] = [];
    const sessions: Sessions<FakeSocket> = open(store, (socket) => left.push(sessions.notesOn(socket).sent?.messages));
    const sockets = [new FakeSocket(), new FakeSocket(), new FakeSocket()] as const;
    sockets.forEach((socket, n) => {
      sessions.accept(socket, session(), NOW);
      sessions.note(socket, { sent: { minute: 1, messages: n, bytes: 0 } });
    });
    sessions.dismiss(sockets[2], { code: 1003, reason: 'text frame' });
    for (const socket of sockets) sessions.ended(socket, 4409);
    expect(left).toEqual([0, 1, 2]);
  });

  it('never refuses a client whose connections die without an answer', () => {
    const store = platform();
    for (let n = 0; n < 20; n += 1) {
      const socket = new FakeSocket();
      expect(open(store).accept(socket, session(), NOW + n)).toBe(n === 0 ? 'new' : 'replaced');
      expect(socket.closed).toBeUndefined();
    }
    const reasons = store.getWebSockets().map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(['', TAKEN_OVER.reason]));
  });

  it('detects a duel by the answers of both connections, through sleeps, and closes both with the reason', () => {
    const store = platform();
    const sockets: FakeSocket[] = [];
    const join = (at: number) => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return open(store).accept(socket, session(), NOW + at);
    };
    const answer = (n: number) => {
      const socket = sockets[n];
      if (socket !== undefined) open(store).ended(socket, 4409);
    };
    join(0);
    expect(join(1_000)).toBe('replaced');
    answer(0);
    expect(join(2_000)).toBe('replaced');
    // A late answer of a dead socket counts for no session.
    expect(sockets.map(({ reason }) => reason)).toEqual([TAKEN_OVER.reason, USED_TWICE.reason, '']);
    expect(join(2_500)).toBe('replaced');
    answer(1);
    expect(join(3_000)).toBe('contested');
    expect(sockets[4]?.reason).toBe(USED_TWICE.reason);
    expect(sockets[3]?.closed).toBeUndefined();
    expect(join(12_000)).toBe('replaced');
    expect(sockets[3]?.reason).toBe(USED_TWICE.reason);
  });

  it('does not take a client that was closing by itself for a rival', () => {
    const store = platform();
    const sockets = Array.from({ length: 4 }, () => new FakeSocket());
    sockets.forEach((socket, n) => {
      expect(open(store).accept(socket, session(), NOW + n)).toBe(n === 0 ? 'new' : 'replaced');
      const before = sockets[n - 1];
      if (before !== undefined) open(store).ended(before, 1001);
    });
  });

  it('reports when the client of a dismissed socket is gone, unless another has connected', () => {
    const sessions = open(platform());
    const [bad, again] = [new FakeSocket(), new FakeSocket()];
    for (const socket of [bad, again]) {
      sessions.accept(socket, session('x'), NOW);
      sessions.dismiss(socket, { code: 1003, reason: 'text frame' });
    }
    expect(sessions.ended(bad, 1003)).toBeUndefined();
    expect(sessions.ended(again, 1003)).toEqual({ sid: 'x', wasDismissed: true });
    expect(sessions.ended(again, 1003)).toBeUndefined();
  });

  it('closes sockets with unreadable attachments, so that their clients reconnect', () => {
    const store = platform();
    const [good, future, garbage] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    open(store).accept(good, session(), NOW);
    future.attachment = { v: 2, twin: 1 };
    for (const socket of [future, garbage]) store.acceptWebSocket(socket, [tagOf(undefined)]);
    const woken = open(store);
    expect([woken.dismissUnreadable(), woken.dismissUnreadable()]).toEqual([2, 0]);
    expect([good.closed, future.closed, garbage.closed]).toEqual([undefined, 1012, 1012]);
    sleepTwice(future, garbage);
    expect([open(store).all(), open(store).dismissUnreadable()]).toEqual([[good], 0]);
  });

  it('closes readable sockets as well when the tables are of later code, and no socket twice', () => {
    const store = platform();
    const [readable, taken] = [new FakeSocket(), new FakeSocket()];
    const sessions = open(store);
    for (const socket of [taken, readable]) sessions.accept(socket, session(), NOW);
    const woken = open(store);
    expect([woken.dismissUnreadable(true), woken.dismissUnreadable(true)]).toEqual([1, 0]);
    expect([readable.closed, taken.closed]).toEqual([1012, 4409]);
  });

  it('accepts a program that reconnects after its socket closed', () => {
    const sessions = open(platform());
    const [first, second, third] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    sessions.accept(first, session(), NOW);
    sessions.accept(second, session(), NOW);
    second.close(1000, '');
    sessions.ended(second, 1000);
    expect(sessions.has(undefined)).toBe(false);
    expect(sessions.accept(third, session(), NOW + 1)).toBe('new');
  });

  it('accepts no new sid beyond its limit, but another connection of a known sid', () => {
    const sessions = open(platform());
    for (let n = 0; n < MAX_SESSIONS; n += 1) {
      expect(sessions.accept(new FakeSocket(), session(`${n}`), NOW)).toBe('new');
    }
    const refused = new FakeSocket();
    expect(sessions.accept(refused, session('one more'), NOW)).toBe('full');
    expect([refused.closed, sessions.has('one more')]).toEqual([undefined, false]);
    expect(sessions.accept(new FakeSocket(), session('0'), NOW)).toBe('replaced');
  });

  it('reports when a session has lost its last connection', () => {
    const sessions = open(platform());
    const [older, newer] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(older, session('x'), NOW);
    sessions.accept(newer, session('x'), NOW);
    expect(sessions.ended(older, 4409)).toBeUndefined();
    newer.close(1000, '');
    expect(sessions.ended(newer, 1000)).toEqual({ sid: 'x', wasDismissed: false });
  });

  it('keeps notes on a socket through a sleep', () => {
    const store = platform();
    const socket = new FakeSocket();
    const sent = { minute: 5, messages: 2, bytes: 300 };
    open(store).accept(socket, session('x'), NOW);
    open(store).note(socket, { sent });
    open(store).note(socket, { counts: { relay_message_rx: 2 } });
    const woken = open(store);
    expect(woken.notesOn(socket)).toEqual({ sent, counts: { relay_message_rx: 2 } });
    expect(woken.sessionOf(socket)).toEqual(session('x'));
    woken.note(socket, { counts: undefined });
    expect(woken.notesOn(socket)).toEqual({ sent });
  });

  it('hears a socket until it is dismissed, replaced or gone, also after a sleep', () => {
    const store = platform();
    const sessions = open(store);
    const [older, newer, other] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    sessions.accept(older, session('x'), NOW);
    sessions.accept(other, session('y'), NOW);
    const hears = () => [older, newer, other].map((socket) => open(store).hears(socket));
    expect([sessions.hears(older), sessions.hears(other)]).toEqual([true, true]);
    sessions.accept(newer, session('x'), NOW);
    expect([sessions.hears(older), sessions.hears(newer)]).toEqual([false, true]);
    expect(hears()).toEqual([false, true, true]);
    sessions.dismiss(newer, { code: 1007, reason: 'no envelope' });
    expect([newer.closed, sessions.hears(newer), sessions.has('x')]).toEqual([1007, false, false]);
    other.readyState = 3;
    sessions.ended(other, 1006);
    expect(sessions.hears(other)).toBe(false);
    expect(hears()).toEqual([false, false, false]);
  });

  it('ignores sockets without a session', () => {
    const store = platform();
    store.acceptWebSocket(new FakeSocket(), [tagOf(undefined)]);
    expect(open(store).has(undefined)).toBe(false);
  });
});
