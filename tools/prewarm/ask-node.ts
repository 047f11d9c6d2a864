import { RpcSocket } from '../../client/directory/rpc-socket.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import type { AskNode } from './read-fleet.ts';

/** Limit for one answer, ms: a page is large. */
const ANSWER_MS = 30_000;

/** Does some work with a node, over one WebSocket. http(s) URLs are taken for ws(s): nodes serve both on one port. */
export async function withNode<T>(url: string, work: (ask: AskNode) => Promise<T>): Promise<T> {
  const socket = new RpcSocket(dialNode, url.replace(/^http/i, 'ws'));
  try {
    const lost = await Promise.race([socket.opened, socket.lost]);
    if (lost !== undefined) throw new Error(lost);
    return await work((method, params) => socket.ask(method, params, ANSWER_MS));
  } finally {
    socket.close();
  }
}
