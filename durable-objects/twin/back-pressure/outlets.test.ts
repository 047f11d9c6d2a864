import { describe, expect, it } from 'vitest';
import { ORDINARY } from './back-pressure.ts';
import { Outlets } from './outlets.ts';

interface FakeSocket {
  readonly sent: number[];
  isBroken: boolean;
}

function rig() {
  const socket: FakeSocket = { sent: [], isBroken: false };
  const seen = { handed: 0, transmitted: 0, evicted: [] as FakeSocket[], released: [] as FakeSocket[] };
  const send = (bytes: Uint8Array) => {
    if (!socket.isBroken) socket.sent.push(bytes.length);
    return !socket.isBroken;
  };
  const outlets = new Outlets<FakeSocket>({
    sessions: {
      has: (sid) => sid === 'x',
      sender: (sid) => (sid === 'x' ? { socket, send } : undefined),
    },
    ledger: {
      account: () => ({
        judge: () => ({ kind: 'deliver' }),
        handed: (bytes) => {
          seen.handed += bytes;
        },
      }),
      release: (each) => void seen.released.push(each),
    },
    reporter: {
      transmitted: (bytes) => {
        seen.transmitted += bytes;
      },
    },
    evict: (each) => void seen.evicted.push(each),
  });
  return { outlets, socket, seen };
}

describe('Outlets', () => {
  it('send to a session, and count the bytes as unproven and as transmitted', () => {
    const { outlets, socket, seen } = rig();
    expect(outlets.send('x', new Uint8Array(3))).toBe(true);
    expect([socket.sent, seen.handed, seen.transmitted]).toEqual([[3], 3, 3]);
  });

  it('count nothing for a broken socket, or for a session that is not connected', () => {
    const { outlets, socket, seen } = rig();
    socket.isBroken = true;
    expect([outlets.send('x', new Uint8Array(3)), outlets.send(undefined, new Uint8Array(3))]).toEqual([false, false]);
    expect([outlets.has('x'), outlets.has(undefined), outlets.of('y')]).toEqual([true, false, undefined]);
    expect([seen.handed, seen.transmitted]).toEqual([0, 0]);
  });

  it('judge, release and evict the socket of their session', () => {
    const { outlets, socket, seen } = rig();
    const outlet = outlets.of('x');
    expect(outlet?.judge(1, ORDINARY)).toEqual({ kind: 'deliver' });
    outlet?.release();
    outlet?.evict();
    expect([seen.released, seen.evicted]).toEqual([[socket], [socket]]);
  });
});
