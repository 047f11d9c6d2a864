import type { Receiver } from '../contract.ts';

/**
 * Returns the receiving end of a twin that makes no object for mail that is not stored: while the twin has none, such
 * mail comes back as `offline` without a call.
 * @param hasObject asked until it is true, for each batch without an envelope to store
 */
export function sparing(receiver: Receiver, hasObject: () => Promise<boolean>): Receiver {
  let isMade = false;
  return {
    deliver: async (envelopes) => {
      isMade ||= envelopes.some(({ ifAway }) => ifAway === 'store') || (await hasObject());
      return isMade ? await receiver.deliver(envelopes) : envelopes.map(() => 'offline');
    },
  };
}
