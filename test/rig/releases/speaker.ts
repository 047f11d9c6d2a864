import { KEEP_ALIVE } from '../../../proto/custody/acceptance.ts';
import type { Outcome } from '../../../proto/custody/outcome.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { identityOfTwin } from '../chain/network.ts';
import { connectAs } from '../clients/client.ts';
import { type CustodyClient, joinCustody } from '../relay/custody-client.ts';

/** A session of a twin, plain or with custody: tests use both in the same way. */
export interface Speaker extends AsyncDisposable {
  readonly twin: number;
  readonly isCustody: boolean;
  send(envelopes: readonly Envelope[]): void;
  /** Resolves with the next envelope. A custody session acknowledges it. */
  next(): Promise<Envelope>;
  /** Resolves with the outcomes of all that was sent since the last call, once all have come; none of a plain session. */
  outcomes(): Promise<Outcome[]>;
}

/** Opens a plain session. */
export async function plainSpeaker(url: string, twin: number): Promise<Speaker> {
  const client = await connectAs(url, twin, await identityOfTwin(twin));
  return {
    twin,
    isCustody: false,
    send: (envelopes) => {
      for (const each of envelopes) client.send(each);
    },
    next: client.next,
    outcomes: async () => [],
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** As often as a client of this project: a custody session that is silent for 5 s is closed. */
const KEEP_ALIVE_MS = 2_000;

/** Opens a custody session that shows every 2 s that it lives, and acknowledges only what a test tells it to. */
export async function liveCustody(url: string, twin: number): Promise<CustodyClient> {
  const joined = await joinCustody(url, twin, await identityOfTwin(twin));
  const { socket, closed } = joined.client;
  const timer = setInterval(() => socket.send(KEEP_ALIVE.ask), KEEP_ALIVE_MS);
  void closed.then(() => clearInterval(timer));
  return joined;
}

/** Opens a session with custody. */
export async function custodySpeaker(url: string, twin: number): Promise<Speaker> {
  const client = await liveCustody(url, twin);
  const sent: number[] = [];
  return {
    twin,
    isCustody: true,
    send: (envelopes) => {
      // Each in a frame of its own: a frame of several has at most 1 MiB.
      for (const each of envelopes) sent.push(client.send(each));
    },
    next: async () => {
      const { envelope, sequence, epoch } = await client.next();
      client.acknowledge(sequence, sequence, { epoch });
      return envelope;
    },
    outcomes: async () => {
      const outcomes: Outcome[] = [];
      for (const sequence of sent.splice(0)) outcomes.push(await client.outcome(sequence));
      return outcomes;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
