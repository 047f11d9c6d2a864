import type { PeerState } from '../../../local-peer/daemon/state.ts';
import { within } from '../clients/client.ts';
import { until } from '../until.ts';
import type { PeerRig } from './peer.ts';

/** Resolves when the state of a rig's peer is as wanted. */
export function untilState({ peer }: PeerRig, what: string, isSo: (state: PeerState) => boolean): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    const look = () => {
      if (!isSo(peer.state())) return;
      stop();
      resolve();
    };
    const stop = peer.onChange(look);
    look();
  });
  return within(reached, what);
}

/** Resolves when the peer reports its Redis as up. */
export function untilRedisIsUp(rig: PeerRig): Promise<void> {
  return untilState(rig, 'Redis to be up', ({ redis }) => redis.isUp);
}

/** Resolves when the peer reports its Redis as not up, with each of these words in the reason. */
export function untilRedisIsDown(rig: PeerRig, ...words: readonly string[]): Promise<void> {
  const isSo = ({ redis }: PeerState) => !redis.isUp && words.every((word) => redis.detail.includes(word));
  return untilState(rig, `Redis to be down (${words.join(', ')})`, isSo);
}

/** Resolves when the peer has its own key on chain. Until then it neither encrypts nor refuses broken keys of others. */
export async function untilKeyIsOnChain({ logged }: PeerRig): Promise<void> {
  await until('the key on chain', () => logged.some(({ message }) => message === 'chain: the own twin is updated'));
}
