import { Clock } from '../../../client/session/clock.ts';
import { dialNode } from '../../../client/session/node-socket.ts';
import { Session } from '../../../client/session/session.ts';
import { decodeEnvelope, type Envelope } from '../../../proto/envelope/envelope.ts';
import type { TwinEntry } from '../../dev-chain/ledger/twin-entry.ts';
import { benchIdentity } from '../contenders/twins.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Dials at once: workerd makes the files of an object one after the other. */
const DIALS = 50;
const TAKEN = { isTaken: true };

/** Resolves with the entries of these twins for a chain. */
export async function entriesOf(twins: readonly number[]): Promise<TwinEntry[]> {
  return await Promise.all(
    twins.map(async (id) => ({
      id,
      account: `0x${Buffer.from((await benchIdentity(id)).account).toString('hex')}` as const,
      relay: 'localhost',
      pk: null,
    })),
  );
}

/** A session of this project's client, which signs and checks nothing: only the relay is measured. */
export interface Member {
  readonly twin: number;
  readonly session: Session;
  /** How often it was connected: more than once on a machine that is too slow. */
  readonly seen: { connections: number };
}

/**
 * Connects a twin.
 * @param custody whether its relay is offered custody: with it, envelopes of one turn share a frame
 * @param take takes each envelope
 */
export async function join(
  url: string,
  twin: number,
  custody: boolean,
  take: (envelope: Envelope) => void,
): Promise<Member> {
  const up = Promise.withResolvers<void>();
  const seen = { connections: 0 };
  const session = new Session({
    own: { twin },
    identity: await benchIdentity(twin),
    relays: [new URL(url)],
    dial: dialNode,
    clock: new Clock(Date.now, () => undefined),
    log: SILENT,
    offersCustody: custody,
    onRelay: (_, { isUp }) => {
      if (!isUp) return;
      seen.connections += 1;
      up.resolve();
    },
    onFrame: async (frame) => {
      const decoded = decodeEnvelope(frame);
      if (decoded.ok) take(decoded.value);
      return TAKEN;
    },
    onTooLarge: () => undefined,
  });
  session.open();
  await up.promise;
  return { twin, session, seen };
}

/** Connects many twins, some at a time. */
export async function joinAll(twins: readonly number[], join: (twin: number) => Promise<Member>): Promise<Member[]> {
  const members: Member[] = [];
  const left = [...twins];
  const dial = async () => {
    for (let twin = left.pop(); twin !== undefined; twin = left.pop()) members.push(await join(twin));
  };
  await Promise.all(Array.from({ length: DIALS }, dial));
  return members;
}
