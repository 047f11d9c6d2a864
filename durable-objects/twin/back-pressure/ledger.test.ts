import { describe, expect, it } from 'vitest';
import { ORDINARY } from './back-pressure.ts';
import { Ledger, type UnprovenNote } from './ledger.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const NOW = 1_800_000_000_000;

/** A socket with its attachment. */
class FakeSocket {
  note: UnprovenNote | undefined;
  isOpen = true;
  answeredAt: number | undefined;
}

function rig() {
  const state = { now: NOW, sockets: [] as FakeSocket[], evicted: [] as FakeSocket[] };
  /** Returns the ledger of an object that has just woken. */
  const wake = () =>
    new Ledger<FakeSocket>({
      host: { now: () => state.now },
      sockets: {
        sockets: () => state.sockets,
        isOpen: (socket) => socket.isOpen,
        unprovenOn: (socket) => structuredClone(socket.note),
        noteUnproven: (socket, note) => {
          socket.note = structuredClone(note);
        },
      },
      answeredAt: (socket) => socket.answeredAt,
      evict: (socket) => {
        socket.isOpen = false;
        state.evicted.push(socket);
      },
    });
  const join = () => {
    const socket = new FakeSocket();
    state.sockets.push(socket);
    return socket;
  };
  return { state, wake, join };
}

/** Gives a socket so many bytes if it may get them. Returns the kind of the judgement. */
function offer(ledger: Ledger<FakeSocket>, socket: FakeSocket, bytes: number) {
  const { judge, handed } = ledger.account(socket);
  const judgement = judge(bytes, ORDINARY);
  if (judgement.kind === 'deliver') handed(bytes);
  return judgement.kind;
}

describe('Ledger', () => {
  it('holds envelopes back from a silent client until it is heard', () => {
    const { wake, join } = rig();
    const [ledger, socket] = [wake(), join()];
    expect([offer(ledger, socket, 8 * MIB), offer(ledger, socket, 1)]).toEqual(['deliver', 'hold']);
    ledger.heard(socket);
    expect([offer(ledger, socket, 8 * MIB), offer(ledger, socket, 1)]).toEqual(['deliver', 'hold']);
  });

  it('takes an automatic answer of the platform for a sign of life, once', () => {
    const { wake, join, state } = rig();
    const [ledger, socket] = [wake(), join()];
    offer(ledger, socket, 8 * MIB);
    socket.answeredAt = NOW;
    expect([offer(ledger, socket, 8 * MIB), offer(ledger, socket, 1)]).toEqual(['deliver', 'hold']);
    state.now += 1;
    socket.answeredAt = state.now;
    expect(offer(ledger, socket, 1)).toBe('deliver');
  });

  it('forgets less than 16 KiB of a socket in a sleep, and still holds envelopes back', () => {
    const { wake, join } = rig();
    let ledger = wake();
    const socket = join();
    for (let handed = 60 * KIB; handed <= 8 * MIB; handed += 60 * KIB) {
      expect(offer(ledger, socket, 60 * KIB)).toBe('deliver');
      ledger.keep();
      ledger = wake();
    }
    expect(offer(ledger, socket, 60 * KIB)).toBe('hold');
  });

  it('writes no note for a client with few bytes, and resets a note when the client is heard', () => {
    const { wake, join } = rig();
    const [ledger, socket] = [wake(), join()];
    offer(ledger, socket, 15 * KIB);
    ledger.keep();
    expect(socket.note).toBeUndefined();
    offer(ledger, socket, 15 * KIB);
    ledger.keep();
    expect(socket.note).toEqual({ bytes: 30 * KIB });
    ledger.heard(socket);
    ledger.keep();
    expect(socket.note).toEqual({ bytes: 0 });
  });

  it('counts a closed socket until its client is gone, through a sleep', () => {
    const { wake, join, state } = rig();
    let ledger = wake();
    const [ghost, next] = [join(), join()];
    offer(ledger, ghost, 16 * MIB);
    ledger.keep();
    ghost.isOpen = false;
    ledger = wake();
    expect([offer(ledger, next, 8 * MIB - 1), offer(ledger, next, 2)]).toEqual(['deliver', 'hold']);
    ledger.ended(ghost);
    ledger.ended(ghost);
    state.sockets.shift();
    ledger.heard(next);
    expect([offer(ledger, next, 8 * MIB), ghost.note]).toEqual(['deliver', { bytes: 0 }]);
  });

  it('reports once that a socket is at its limit, until its client is heard', () => {
    const { wake, join } = rig();
    const [ledger, socket] = [wake(), join()];
    const looks = () => [1, 2].map(() => ledger.account(socket).judge(1, ORDINARY));
    offer(ledger, socket, 8 * MIB);
    expect(looks()).toMatchObject([{ isInVain: true }, { isInVain: false }]);
    ledger.heard(socket);
    offer(ledger, socket, 8 * MIB);
    expect(looks()).toMatchObject([{ isInVain: true }, { isInVain: false }]);
  });

  it('evicts a socket at its limit after 60 s, unless nothing is held back any more', () => {
    const { wake, join, state } = rig();
    const [ledger, socket] = [wake(), join()];
    offer(ledger, socket, 16 * MIB);
    expect(offer(ledger, socket, 1)).toBe('hold');
    ledger.release(socket);
    state.now += 60_000;
    expect(offer(ledger, socket, 1)).toBe('hold');
    state.now += 60_000;
    expect(offer(ledger, socket, 1)).toBe('evict');
  });

  it('evicts the open socket with most unproven bytes at the limit of all, one at a time', () => {
    const { wake, join, state } = rig();
    const ledger = wake();
    const [small, large, reader] = [join(), join(), join()];
    offer(ledger, small, 8 * MIB);
    offer(ledger, large, 16 * MIB);
    expect(offer(ledger, reader, 30 * KIB)).toBe('hold');
    state.now += 60_000;
    expect([offer(ledger, reader, 30 * KIB), offer(ledger, reader, 30 * KIB)]).toEqual(['hold', 'hold']);
    expect(state.evicted).toEqual([large]);
    ledger.ended(large);
    expect(offer(ledger, reader, 30 * KIB)).toBe('deliver');
  });
});
