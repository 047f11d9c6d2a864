import { describe, expect, it } from 'vitest';
import type { Dial } from '../session/socket.ts';
import { RpcSocket } from './rpc-socket.ts';

type Port = Parameters<Dial>[1];

/** A node in memory. */
function rig() {
  let port: Port | undefined;
  const sent: { id: number; method: string; params: unknown }[] = [];
  let url = '';
  const dial: Dial = (to, listener) => {
    url = to;
    port = listener;
    return {
      unsent: 0,
      send: async (text) => sent.push(JSON.parse(String(text))) > 0,
      pause: () => undefined,
      resume: () => undefined,
      close: () => undefined,
      terminate: () => listener.onLost({ code: 1006, detail: '' }),
    };
  };
  const socket = new RpcSocket(dial, 'ws://node/KEY#fragment');
  const say = (message: object) => port?.onMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return { socket, sent, say, open: () => port?.onOpen(), lose: (cause?: string) => port?.onLost(lossOf(cause)), url };
}

function lossOf(cause: string | undefined) {
  const loss = { code: 1006, detail: 'ws://node/KEY refused' };
  return cause === undefined ? loss : { ...loss, cause };
}

describe('RpcSocket', () => {
  it('dials without the fragment, and matches answers to calls', async () => {
    const { socket, sent, say, open, url } = rig();
    expect(url).toBe('ws://node/KEY');
    open();
    await socket.opened;
    const answers = [socket.ask('a', [1], 60_000), socket.ask('b', [], 60_000)];
    say({ id: sent[1]?.id, result: 'B' });
    say({ id: sent[0]?.id, error: { code: -1, message: 'no' } });
    expect(await Promise.all(answers)).toEqual([
      { ok: false, error: 'error -1 no' },
      { ok: true, value: 'B' },
    ]);
  });

  it('counts calls without an answer, until one is answered', async () => {
    const { socket, sent, say, open } = rig();
    open();
    expect(await socket.ask('a', [], 10)).toEqual({ ok: false, error: 'no answer within 0.01 s' });
    expect(socket.unanswered).toBe(1);
    const answer = socket.ask('b', [], 60_000);
    say({ id: sent[1]?.id, result: null });
    await answer;
    expect(socket.unanswered).toBe(0);
  });

  it('gives notices to their subscription, until the socket is lost', async () => {
    const { socket, sent, say, open, lose } = rig();
    open();
    const heads: unknown[] = [];
    const ended = socket.subscribe('subscribe', [], 'notice', (head) => heads.push(head));
    say({ id: sent[0]?.id, result: 'subscription' });
    say({ method: 'notice', params: { result: 1 } });
    say({ method: 'other', params: { result: 2 } });
    lose('ECONNRESET');
    expect(await ended).toBe('the connection was lost (ECONNRESET)');
    expect(heads).toEqual([1]);
  });

  it('ends every call when the socket is lost, with a cause and never the URL', async () => {
    const { socket, open, lose } = rig();
    open();
    const answer = socket.ask('a', [], 60_000);
    lose('HTTP 404');
    expect(await answer).toEqual({ ok: false, error: 'the connection was lost (HTTP 404)' });
    expect(await socket.ask('b', [], 60_000)).toEqual({ ok: false, error: 'the connection was lost' });
    const other = rig();
    other.lose();
    expect(await other.socket.lost).toBe('it cannot be connected to');
  });
});
