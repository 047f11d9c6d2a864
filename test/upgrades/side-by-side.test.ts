import type { ModuleDefinition } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { bundleWorker } from '../../tools/local-relay/bundle.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type LocalRelay, startRelay } from '../../tools/local-relay/relay.ts';
import { type KeptRelease, lastRelease } from '../../tools/releases/kept-release.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { printOf } from '../rig/envelopes/print-of.ts';
import { bundleMutant, type Mutation } from '../rig/mutants/mutant.ts';
import { type Assignment, assign, made, sideBySide } from '../rig/releases/side-by-side.ts';
import { custodySpeaker, plainSpeaker, type Speaker } from '../rig/releases/speaker.ts';

// The last release and this code in one namespace, as during a deploy.

const ODD_RELEASE: Assignment = { worker: 'release', odd: 'release', even: 'head' };
const ODD_HEAD: Assignment = { worker: 'head', odd: 'head', even: 'release' };
/** More batches in a row than open a line. */
const ROUNDS = 12;
const TWINS = [1, 2, 3, 4];

let chain: DevChain;
let release: KeptRelease;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
  release = await lastRelease();
});
afterAll(() => chain.close());

/** Starts both versions. @param mutation a change of this code; absent: as it is */
async function startBoth(assignment: Assignment, mutation?: Mutation): Promise<LocalRelay> {
  const port = await freePort();
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${port}` });
  const bundle = async (entry: string): Promise<ModuleDefinition[]> => {
    const head = await (mutation === undefined ? bundleWorker(entry) : bundleMutant(entry, mutation));
    return sideBySide({ release: release.modules, head }, assignment);
  };
  return await startRelay({ port, settings: { SUBSTRATE_URLS: chain.httpUrl }, bundle });
}

/** Opens sessions of twins 1 and 2, plain, and of twins 3 and 4 with custody. */
async function joinAll(stack: AsyncDisposableStack, { wsUrl }: LocalRelay): Promise<Speaker[]> {
  const open = (twin: number) => (twin <= 2 ? plainSpeaker(wsUrl, twin) : custodySpeaker(wsUrl, twin));
  const speakers = await Promise.all(TWINS.map(open));
  for (const each of speakers) stack.use(each);
  return speakers;
}

/** Pairs of twins with different versions, each in both directions. */
function pairsOf(speakers: readonly Speaker[]): [Speaker, Speaker][] {
  const pairs = speakers.flatMap((a) => speakers.map((b): [Speaker, Speaker] => [a, b]));
  return pairs.filter(([a, b]) => a.twin % 2 !== b.twin % 2);
}

/** A small envelope, and one that travels as a buffer of its own. */
function requests(from: number, to: number): Envelope[] {
  const sized = (bytes: number) =>
    request({ twin: from }, { twin: to }, { payload: { kind: 'plain', bytes: new Uint8Array(bytes).fill(bytes) } });
  return [sized(7), sized(20_000), sized(300)];
}

/** Sends requests from a to b and replies back, and expects each as it was sent, in order, and its outcome. */
async function converse(a: Speaker, b: Speaker): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const asked = requests(a.twin, b.twin);
    const replies = asked.map(
      ({ uid, payload }): Envelope => ({
        ...request({ twin: b.twin }, { twin: a.twin }, { uid, content: { kind: 'response' } }),
        ...(payload && { payload }),
      }),
    );
    a.send(asked);
    for (const each of asked) expect(printOf(await b.next())).toBe(printOf(each));
    b.send(replies);
    for (const each of replies) expect(printOf(await a.next())).toBe(printOf(each));
  }
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const outcome = to.isCustody ? 'delivered' : 'handed';
    const expected = from.isCustody ? new Array(ROUNDS * requests(from.twin, to.twin).length).fill(outcome) : [];
    expect(await from.outcomes()).toEqual(expected);
  }
}

const versionsOf = async (relay: LocalRelay) => {
  const all = await made(relay);
  return TWINS.map((twin) => all[`TwinObject ${twin}`]);
};

describe.each([
  ['odd twins', ODD_RELEASE, ['release', 'head', 'release', 'head']],
  ['even twins', ODD_HEAD, ['head', 'release', 'head', 'release']],
] as const)('with the release for %s', (_, assignment, versions) => {
  it('requests and replies of plain and custody sessions arrive both ways, as they were sent', async () => {
    await using relay = await startBoth(assignment);
    await using stack = new AsyncDisposableStack();
    const speakers = await joinAll(stack, relay);
    for (const [a, b] of pairsOf(speakers)) await converse(a, b);
    expect(await versionsOf(relay)).toEqual(versions);
  });

  it('mail of either version is stored by the other one, and errors reach their senders', async () => {
    await using relay = await startBoth(assignment);
    const { wsUrl } = relay;
    await using plain = await plainSpeaker(wsUrl, 1);
    await using custody = await custodySpeaker(wsUrl, 3);
    for (const sender of [plain, custody]) {
      for (const [to, join] of [
        [2, plainSpeaker],
        [4, custodySpeaker],
      ] as const) {
        const mail = requests(sender.twin, to);
        const lost = request({ twin: sender.twin }, { twin: to, connection: 'nobody' }, { tags: 'fail-fast' });
        sender.send([...mail, lost]);
        const { uid, content } = await sender.next();
        expect({ uid, content }).toMatchObject({ uid: lost.uid, content: { kind: 'error', message: /./ } });
        expect(await sender.outcomes()).toEqual(sender.isCustody ? ['stored', 'stored', 'stored', 'offline'] : []);
        await using receiver = await join(wsUrl, to);
        for (const each of mail) expect(printOf(await receiver.next())).toBe(printOf(each));
      }
    }
    const [one, two] = await versionsOf(relay);
    expect([one, two]).toEqual(versions.slice(0, 2));
  });
});

it('sessions stay open while their objects change the version, sleep and wake, and lose nothing', async () => {
  await using relay = await startBoth({ worker: 'release', odd: 'release', even: 'release' });
  await using stack = new AsyncDisposableStack();
  const speakers = await joinAll(stack, relay);
  const all = async () => {
    for (const [a, b] of pairsOf(speakers)) await converse(a, b);
  };
  await all();
  // A gradual deploy, the rest of it, and a rollback.
  for (const assignment of [
    { worker: 'head', odd: 'release', even: 'head' },
    { worker: 'head', odd: 'head', even: 'head' },
    { worker: 'release', odd: 'release', even: 'release' },
  ] as const) {
    await assign(relay, assignment, TWINS);
    await all();
    const { odd, even } = assignment;
    expect(await versionsOf(relay)).toEqual([odd, even, odd, even]);
  }
});

it('a version that cannot read the other one’s batches tells the sender to try again, and delivers nothing', async () => {
  // What a release must not do: it writes a format that the one before does not know.
  await using relay = await startBoth(ODD_HEAD, {
    file: 'durable-objects/twin/receive/batch.ts',
    find: 'const FORMAT = 1;',
    replace: 'const FORMAT = 2;',
  });
  await using stack = new AsyncDisposableStack();
  const speakers = await joinAll(stack, relay);
  for (const [a, b] of pairsOf(speakers)) {
    const [asked] = requests(a.twin, b.twin);
    if (asked === undefined) throw new Error('no request');
    a.send([asked]);
    const { uid, content } = await a.next();
    expect({ uid, content }).toMatchObject({
      uid: asked.uid,
      content: { kind: 'error', message: expect.stringContaining('the relay changes its version') },
    });
    expect(await a.outcomes()).toEqual(a.isCustody ? ['relay-version'] : []);
  }
  // Twins of the same version reach each other, and only what was sent to them is there.
  for (const [a, b] of [
    [0, 2],
    [1, 3],
  ]) {
    const [one, other] = [speakers[a ?? 0], speakers[b ?? 0]];
    if (one === undefined || other === undefined) throw new Error('no session');
    await converse(one, other);
  }
});
