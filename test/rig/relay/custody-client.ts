import { type Acceptance, acceptanceText, OFFER, readAcceptance } from '../../../proto/custody/acceptance.ts';
import { type CustodyFrame, decodeFrame, encodeFrame, isCustodyFrame } from '../../../proto/custody/frame.ts';
import type { Outcome } from '../../../proto/custody/outcome.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { mintToken } from '../../../proto/token/token.ts';
import { type Client, connect } from '../clients/client.ts';

/** An envelope that a custody session got. */
interface Got {
  readonly uid: string;
  readonly envelope: Envelope;
  readonly sequence: number;
  readonly epoch: number;
  readonly isUrgent: boolean;
}

/** A bare session that speaks custody frames. It acknowledges only what a test tells it to. */
export interface CustodyClient extends AsyncDisposable {
  readonly acceptance: Acceptance;
  readonly client: Client;
  /** All frames that have come and were read. */
  readonly frames: readonly CustodyFrame[];
  /** The epoch of the last frame. */
  readonly epoch: number;
  /** Sends envelopes in one frame. Returns the sequence of the first. */
  send(...envelopes: (Envelope | Uint8Array)[]): number;
  /** Sends envelopes and receipts in one frame. */
  sendWith(receipts: CustodyFrame['receipts'], ...envelopes: (Envelope | Uint8Array)[]): number;
  /** Gives receipts by a frame of their own. */
  acknowledge(first: number, last?: number, options?: { isUrgent?: boolean; epoch?: number }): void;
  /** The next envelope. */
  next(): Promise<Got>;
  /** The outcome of a sequence, once its receipt has come. */
  outcome(sequence: number): Promise<Outcome>;
  /** The outcome of a sequence, if its receipt was read already. */
  told(sequence: number): Outcome | undefined;
}

/** Opens a session that offers custody. @throws when the relay's first frame is no acceptance */
export async function joinCustody(url: string, twin: number, identity: Identity, sid?: string): Promise<CustodyClient> {
  const now = Math.floor(Date.now() / 1000);
  const subject = { twin, now, ttl: 300, cap: [OFFER], ...(sid === undefined ? {} : { sid }) };
  const client = await connect(url, await mintToken(subject, identity));
  const first = Buffer.from(await client.nextBytes()).toString();
  const acceptance = readAcceptance(first);
  if (acceptance === undefined) throw new Error(`the first frame is ${first}, not as ${acceptanceText.name} writes it`);
  return custodyOn(client, acceptance);
}

function custodyOn(client: Client, acceptance: Acceptance): CustodyClient {
  const got: Got[] = [];
  const outcomes = new Map<number, Outcome>();
  const frames: CustodyFrame[] = [];
  let [next, epoch] = [1, acceptance.epoch];
  const bytesOf = (envelope: Envelope | Uint8Array) =>
    envelope instanceof Uint8Array ? envelope : encodeEnvelope(envelope);

  const take = async () => {
    const bytes = await client.nextBytes();
    if (!isCustodyFrame(bytes)) {
      if (Buffer.from(bytes).toString() === 'pong') return;
      throw new Error(`a frame that is no custody frame: ${Buffer.from(bytes).toString('hex')}`);
    }
    const frame = decodeFrame(bytes);
    if (!frame.ok) throw new Error(frame.error);
    frames.push(frame.value);
    epoch = frame.value.epoch;
    for (const { first, last, outcome } of frame.value.receipts) {
      for (let sequence = first; sequence <= last; sequence += 1) outcomes.set(sequence, outcome);
    }
    for (const [n, each] of frame.value.envelopes.entries()) {
      const envelope = decodeEnvelope(each);
      if (!envelope.ok) throw new Error(envelope.error.detail);
      const { isUrgent } = frame.value;
      got.push({ uid: envelope.value.uid, envelope: envelope.value, sequence: frame.value.first + n, epoch, isUrgent });
    }
  };
  const sendWith = (receipts: CustodyFrame['receipts'], ...envelopes: (Envelope | Uint8Array)[]) => {
    const first = next;
    next += envelopes.length;
    client.send(encodeFrame({ epoch, since: 0, isUrgent: false, receipts, first, envelopes: envelopes.map(bytesOf) }));
    return first;
  };

  return {
    acceptance,
    client,
    frames,
    get epoch() {
      return epoch;
    },
    send: (...envelopes) => sendWith([], ...envelopes),
    sendWith,
    acknowledge: (first, last = first, { isUrgent = true, epoch: about = epoch } = {}) => {
      const receipts = [{ first, last, outcome: 'delivered' as const }];
      client.send(encodeFrame({ epoch: about, since: 0, isUrgent, receipts, first: 0, envelopes: [] }));
    },
    next: async () => {
      for (;;) {
        const envelope = got.shift();
        if (envelope !== undefined) return envelope;
        await take();
      }
    },
    outcome: async (sequence) => {
      for (;;) {
        const outcome = outcomes.get(sequence);
        if (outcome !== undefined) return outcome;
        await take();
      }
    },
    told: (sequence) => outcomes.get(sequence),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
