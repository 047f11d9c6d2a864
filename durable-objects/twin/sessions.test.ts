import { describe, expect, it } from 'vitest';
import { MAX_SESSIONS, Sessions, type Socket, tagOf } from './sessions.ts';

class FakeSocket implements Socket {
  readyState = 1;
  attachment: unknown = null;
  readonly sent: Uint8Array[] = [];
  closed: number | undefined;
  send(bytes: Uint8Array): void {
    if (this.readyState !== 1) throw new TypeError('closed');
    this.sent.push(bytes);
  }
  close(code: number): void {
    this.readyState = 2;
    this.closed = code;
  }
  serializeAttachment(attachment: unknown): void {
    this.attachment = structuredClone(attachment);
  }
  deserializeAttachment(): unknown {
    return structuredClone(this.attachment);
  }
}

/** The platform's side, which outlives the object. */
function platform() {
  const sockets: { socket: FakeSocket; tags: string[] }[] = [];
  return {
    acceptWebSocket: (socket: FakeSocket, tags: string[]) => void sockets.push({ socket, tags }),
    getWebSockets: (tag?: string) =>
      sockets.filter(({ tags }) => tag === undefined || tags.includes(tag)).map(({ socket }) => socket),
  };
}

const session = (sid?: string) => ({ twin: 1, sid, host: 'relay.example' });
const NOW = 1_800_000_000_000;

describe('Sessions', () => {
  it('sends to the session, and to no other', () => {
    const sessions = new Sessions(platform());
    const [none, empty] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(none, session(), NOW);
    sessions.accept(empty, session(''), NOW);
    expect(sessions.sender('')?.(new Uint8Array([1]))).toBe(true);
    expect(sessions.sender('other')).toBeUndefined();
    expect([none.sent.length, empty.sent.length]).toEqual([0, 1]);
  });

  it('finds its sockets again after a sleep', () => {
    const store = platform();
    const socket = new FakeSocket();
    new Sessions(store).accept(socket, session('x'.repeat(1000)), NOW);
    const woken = new Sessions(store);
    expect(woken.sender('x'.repeat(1000))?.(new Uint8Array([1]))).toBe(true);
    expect(socket.sent).toHaveLength(1);
  });

  it('lets the newer connection of a session win at once', () => {
    const sessions = new Sessions(platform());
    const [elder, newer] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(elder, session(), NOW);
    expect(sessions.accept(newer, session(), NOW + 1)).toBe('replaced');
    expect(elder.closed).toBe(4409);
    sessions.sender(undefined)?.(new Uint8Array([1]));
    expect([elder.sent.length, newer.sent.length]).toEqual([0, 1]);
  });

  it('ends a fight over a session: no second switch within 10 s', () => {
    const store = platform();
    const [first, second, third, fourth] = [new FakeSocket(), new FakeSocket(), new FakeSocket(), new FakeSocket()];
    new Sessions(store).accept(first, session(), NOW);
    new Sessions(store).accept(second, session(), NOW);
    expect(new Sessions(store).accept(third, session(), NOW + 9_999)).toBe('contested');
    expect([second.closed, third.closed]).toEqual([undefined, 4409]);
    expect(new Sessions(store).accept(fourth, session(), NOW + 10_000)).toBe('replaced');
    expect(second.closed).toBe(4409);
  });

  it('takes a program back that reconnects after its socket closed', () => {
    const sessions = new Sessions(platform());
    const [first, second, third] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    sessions.accept(first, session(), NOW);
    sessions.accept(second, session(), NOW);
    second.close(1000);
    sessions.forget(second);
    expect(sessions.has(undefined)).toBe(false);
    expect(sessions.accept(third, session(), NOW + 1)).toBe('new');
  });

  it('takes no new sid beyond its most, but the next connection of one that is there', () => {
    const sessions = new Sessions(platform());
    for (let n = 0; n < MAX_SESSIONS; n += 1) {
      expect(sessions.accept(new FakeSocket(), session(`${n}`), NOW)).toBe('new');
    }
    const refused = new FakeSocket();
    expect(sessions.accept(refused, session('one more'), NOW)).toBe('full');
    expect([refused.closed, sessions.has('one more')]).toEqual([undefined, false]);
    expect(sessions.accept(new FakeSocket(), session('0'), NOW)).toBe('replaced');
  });

  it('says when a session has lost its connection, and not when a newer one holds it', () => {
    const sessions = new Sessions(platform());
    const [elder, newer] = [new FakeSocket(), new FakeSocket()];
    sessions.accept(elder, session('x'), NOW);
    sessions.accept(newer, session('x'), NOW);
    expect(sessions.forget(elder)).toBeUndefined();
    newer.close(1000);
    expect(sessions.forget(newer)).toMatchObject({ sid: 'x' });
  });

  it('keeps on a socket what is noted there, beside its session, through a sleep', () => {
    const store = platform();
    const socket = new FakeSocket();
    const sent = { minute: 5, messages: 2, bytes: 300 };
    new Sessions(store).accept(socket, session('x'), NOW);
    new Sessions(store).note(socket, { sent });
    new Sessions(store).note(socket, { counts: { relay_message_rx: 2 } });
    const woken = new Sessions(store);
    expect(woken.notesOn(socket)).toEqual({ sent, counts: { relay_message_rx: 2 } });
    expect(woken.sessionOf(socket)).toEqual({ ...session('x'), switchedAt: 0 });
    woken.note(socket, { counts: undefined });
    expect(woken.notesOn(socket)).toEqual({ sent });
  });

  it('hears a socket until it is dismissed, replaced or gone, before a sleep and after it', () => {
    const store = platform();
    const sessions = new Sessions(store);
    const [elder, newer, other] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    sessions.accept(elder, session('x'), NOW);
    sessions.accept(other, session('y'), NOW);
    const hears = () => [elder, newer, other].map((socket) => new Sessions(store).hears(socket));
    expect([sessions.hears(elder), sessions.hears(other)]).toEqual([true, true]);
    sessions.accept(newer, session('x'), NOW);
    expect([sessions.hears(elder), sessions.hears(newer)]).toEqual([false, true]);
    expect(hears()).toEqual([false, true, true]);
    sessions.dismiss(newer, { code: 1007, reason: 'no envelope' });
    expect([newer.closed, sessions.hears(newer), sessions.has('x')]).toEqual([1007, false, false]);
    other.readyState = 3;
    sessions.forget(other);
    expect(sessions.hears(other)).toBe(false);
    expect(hears()).toEqual([false, false, false]);
  });

  it('skips sockets that carry no session of ours', () => {
    const store = platform();
    store.acceptWebSocket(new FakeSocket(), [tagOf(undefined)]);
    expect(new Sessions(store).has(undefined)).toBe(false);
  });
});

describe('tagOf', () => {
  it('tells every sid apart within the platform limit of 256 characters', () => {
    const tags = [undefined, '', 'n', 's', 'x'.repeat(1024), '\u{1f600}'.repeat(256)].map(tagOf);
    expect(new Set(tags).size).toBe(tags.length);
    for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(256);
  });
});
