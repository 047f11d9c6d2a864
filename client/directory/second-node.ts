import { hashesOf } from '../../proto/chain/block-answers.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { err, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { Dial } from '../session/socket.ts';
import { endsWithin } from '../session/waiting.ts';
import { faultOf } from './open-first.ts';
import { twinById } from './questions.ts';
import { RpcSocket } from './rpc-socket.ts';

/** Limit for the connection, and for each answer, ms. */
const ANSWER_MS = 2_000;

/**
 * Asks a node for its record of a twin, over a connection of its own. Reads no metadata: the storage keys of twins are
 * the same on every tfchain.
 * @param genesis hash of the first block: a node of another chain is refused
 */
export async function askSecondNode(
  dial: Dial,
  url: string,
  genesis: string,
  id: number,
): Promise<Result<Twin | undefined, string>> {
  let socket: RpcSocket | undefined;
  try {
    const opening = new RpcSocket(dial, url);
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
