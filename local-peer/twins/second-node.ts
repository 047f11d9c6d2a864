import { hashesOf } from '../../chain/block-answers.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { err, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { endsWithin } from '../waiting.ts';
import { faultOf } from './open-first.ts';
import { twinById } from './questions.ts';
import { RpcSocket } from './rpc-socket.ts';

/** A node has this long to be connected to, and for each answer. */
const ANSWER_MS = 2_000;

/**
 * Asks a node one question, over a connection of its own: what it has of a twin. Its metadata is not read: the keys of
 * twins in storage are the same on every tfchain.
 * @param genesis hash of the first block: a node of another chain is of no use
 */
export async function askSecondNode(
  url: string,
  genesis: string,
  id: number,
): Promise<Result<Twin | undefined, string>> {
  let socket: RpcSocket | undefined;
  try {
    // A fragment is told to no server, and the library refuses it.
    const opening = new RpcSocket(url.replace(/#.*/, ''));
    socket = opening;
    const settled = Promise.race([opening.opened, opening.lost.then(() => undefined)]);
    if (!(await endsWithin(ANSWER_MS, settled))) return err('no connection');
    const first = await opening.ask('chain_getBlockHash', [[0]], ANSWER_MS);
    if (!first.ok) return first;
    if (hashesOf(first.value, 1)?.[0] !== genesis) return err('it is of another chain');
    const stored = async (key: string) => {
      const answer = await opening.ask('state_getStorage', [key], ANSWER_MS);
      return answer.ok ? bytesOf(answer.value) : answer;
    };
    return await twinById({ isTfchain: true, stored }, id);
  } catch (error) {
    return err(faultOf(error, url));
  } finally {
    socket?.close();
  }
}
