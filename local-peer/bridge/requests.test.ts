import { describe, expect, it } from 'vitest';
import { Asking } from '../../client/ask.ts';
import { nodePrimitives } from '../../client/crypto/node-primitives.ts';
import { EndToEnd } from '../../client/seal.ts';
import { handed } from '../../client/sending/handover.ts';
import { Sending } from '../../client/sending/sending.ts';
import { Clock } from '../../client/session/clock.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOf } from '../../proto/identity.ts';
import { Awaited } from './awaited.ts';
import { Receipts } from './custody/receipts.ts';
import type { Question, ReplyEntry } from './messages.ts';
import type { GivenReply, HeldRequest } from './ports.ts';
import { Requests } from './requests.ts';

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const question: Question = { command: 'c', replyTo: 'replies', ref: 'r', asked: [5], seconds: 60, seals: new Map() };

/** Replies of twin 1, whose programs asked what `questions` holds. */
async function rig(questions: Record<string, Question>) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error('bad seed');
  const unknown = { get: async () => undefined, refresh: async () => undefined };
  const [told, settled, dropped]: [ReplyEntry[], number[], (string | undefined)[]] = [[], [], []];
  const given = new Map<string, number>();
  const give = ({ entry, fingerprint, times }: GivenReply) => {
    const before = given.get(fingerprint) ?? 0;
    given.set(fingerprint, before + 1);
    return before < times && told.push(entry) > 0;
  };
  const awaited = new Awaited(nothing);
  const held: HeldRequest = {
    uid: 'open',
    size: 1,
    claimedAt: 0,
    settled: new Set(),
    note: async () => undefined,
    end: async () => undefined,
    settle: async () => undefined,
    reply: async (place, _, answer) => {
      settled.push(place);
      return give(answer);
    },
  };
  const open = {
    question,
    held,
    total: 1,
    places: new Map([[5, 0]]),
    accepted: new Map(),
    until: Number.MAX_SAFE_INTEGER,
  };
  awaited.add('open', open);
  const clock = new Clock(() => 1_000_000, nothing);
  const count = (event: string, detail?: string) => void (event === 'envelope-dropped' && dropped.push(detail));
  const primitives = nodePrimitives();
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins: unknown,
    primitives,
    isKeyOnChain: async () => false,
  });
  const requests = new Requests(1, {
    sending: new Sending({ endToEnd, twins: unknown, uplink: { send: async () => handed('relay') } }),
    awaited,
    programs: { deliverReply: async (answer) => give(answer), findQuestion: async (uid) => questions[uid] },
    credits: { replied: nothing },
    signal: nothing,
    isOurs: () => false,
    resumed: Promise.resolve(),
    clock,
    plugins: [],
    log: silent,
    count,
    receipts: new Receipts(nothing),
    following: { accepted: nothing, step: nothing },
    pause: async () => true,
  });
  const asking = new Asking({ own: { twin: 1 }, endToEnd, primitives, askers: requests, clock, log: silent, count });
  const report = async (uid: string, content: Envelope['content']) => {
    const envelope = { uid, timestamp: 1000n, expiration: 300n, destination: { twin: 1 }, content, relays: [] };
    await asking.reply(envelope, 0, encodeEnvelope(envelope), async () => undefined);
  };
  return { report, told, settled, dropped };
}
const error = { kind: 'error', code: 0, message: 'destination offline' } as const;

describe('a relay’s report, which nobody signed', () => {
  it('is believed for a request that is under way, and ends it', async () => {
    const { report, told, settled } = await rig({});
    await report('open', error);
    expect(told).toMatchObject([{ ref: 'r', source: '0', error: { code: 0, message: 'destination offline' } }]);
    expect(settled).toEqual([0]);
  });

  it('is believed for a uid that Redis remembers, and for no other', async () => {
    const { report, told, settled, dropped } = await rig({ known: { ...question, asked: [5, 6] } });
    await report('known', error);
    await report('guessed', error);
    expect(told).toHaveLength(1);
    expect(dropped).toEqual(['unwanted']);
    // A report about two twins does not name one.
    expect(settled).toEqual([]);
  });

  it('is believed as often as twins were asked: those of one second are the same bytes', async () => {
    const { report, told } = await rig({ known: { ...question, asked: [3, 4, 5] } });
    for (let n = 0; n < 4; n += 1) await report('known', error);
    expect(told).toHaveLength(3);
    for (let n = 0; n < 2; n += 1) await report('open', error);
    expect(told).toHaveLength(4);
  });

  it('is no answer: what looks like one is dropped', async () => {
    const { report, told, dropped } = await rig({});
    await report('open', { kind: 'response' });
    expect([told, dropped]).toEqual([[], ['unwanted']]);
  });
});
