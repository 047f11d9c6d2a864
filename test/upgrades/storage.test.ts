import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type LocalRelay, startRelay } from '../../tools/local-relay/relay.ts';
import { type KeptRelease, lastRelease } from '../../tools/releases/kept-release.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { printOf } from '../rig/envelopes/print-of.ts';
import { type OddRelay, startOddRelay } from '../rig/relay/odd-relay.ts';
import type { Version } from '../rig/releases/side-by-side.ts';
import { custodySpeaker, liveCustody, plainSpeaker, type Speaker } from '../rig/releases/speaker.ts';
import { until } from '../rig/until.ts';

// The last release on storage that this code wrote, as after a rollback, and this code on storage of the release.

/** A twin at home at another relay. */
const FOREIGN = 5;
/** A twin that never connects. */
const ABSENT = 6;

let release: KeptRelease;
beforeAll(async () => {
  release = await lastRelease();
});

/** A chain, another relay, and the storage and port on which both versions run in turns. */
interface Place extends AsyncDisposable {
  readonly chain: DevChain;
  readonly other: OddRelay;
  readonly persist: string;
  readonly port: number;
}

async function openPlace(): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ blockTimeMs: 1000 }));
  const other = stack.use(await startOddRelay(503));
  const persist = await mkdtemp(join(tmpdir(), 'rmb-upgrades-'));
  stack.defer(() => rm(persist, { recursive: true }));
  const port = await freePort();
  for (const entry of await devEntries()) {
    chain.putTwin({ ...entry, relay: entry.id === FOREIGN ? other.domain : `localhost:${port}` });
  }
  const owned = stack.move();
  return { chain, other, persist, port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Sources have no commit: a build writes it. */
const versionSchema = z.object({ commit: z.string().optional() });

/** Runs a version on the storage of the one before. */
async function withVersion(
  version: Version,
  { chain, persist, port }: Place,
  work: (relay: LocalRelay) => Promise<void>,
): Promise<void> {
  // A limit, so that shares of ended sessions are stored as well.
  const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http', RATE_LIMIT_MESSAGES: '1000' };
  const kept = { bundle: async () => release.modules, config: release.config };
  await using relay = await startRelay({ port, persist, settings, ...(version === 'release' && kept) });
  const { commit } = versionSchema.parse(await (await fetch(`${relay.httpUrl}/version`)).json());
  expect(commit === release.manifest.commit).toBe(version === 'release');
  await work(relay);
}

/** Mail of each size: several envelopes in a row of the database, and one in several rows. */
function mail(from: number, to: number, connection?: string): Envelope[] {
  const sized = (bytes: number) =>
    request(
      { twin: from },
      { twin: to, ...(connection !== undefined && { connection }) },
      { expiration: 600n, payload: { kind: 'plain', bytes: new Uint8Array(bytes).fill(bytes) } },
    );
  return [sized(1), sized(2), sized(1_500_000), sized(3)];
}

async function expectMail(receiver: Pick<Speaker, 'next'>, expected: readonly Envelope[]): Promise<void> {
  for (const each of expected) expect(printOf(await receiver.next())).toBe(printOf(each));
}

/** Resolves when the relay has handled everything that a session sent before. */
async function handled(sender: Speaker, outcomes: readonly string[]): Promise<void> {
  const marker = request({ twin: sender.twin }, { twin: sender.twin, connection: 'nobody' }, { tags: 'fail-fast' });
  sender.send([marker]);
  expect((await sender.next()).uid).toBe(marker.uid);
  expect(await sender.outcomes()).toEqual(sender.isCustody ? [...outcomes, 'offline'] : []);
}

const sample = async (relay: LocalRelay, name: string) => {
  const text = await (await fetch(`${relay.httpUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );
};

it.concurrent.each([
  ['a rollback to the last release', 'head', 'release'],
  ['a deploy after the last release', 'release', 'head'],
] as const)('%s keeps mail, the federation queue and alarms, and so does the way back', async (_, before, after) => {
  await using place = await openPlace();
  const { other } = place;
  const toPlain = [...mail(1, 2), ...mail(3, 2)];
  const toCustody = [...mail(1, 4), ...mail(3, 4)];
  const toSid = mail(1, 2, 'sid');
  const abroad = [request({ twin: 1 }, { twin: FOREIGN }), request({ twin: 3 }, { twin: FOREIGN })];
  const later = mail(3, 2);
  const gotAbroad = () => other.got.map(({ uid }) => uid);

  await withVersion(before, place, async (relay) => {
    await using plain = await plainSpeaker(relay.wsUrl, 1);
    await using custody = await custodySpeaker(relay.wsUrl, 3);
    const short = request({ twin: 1 }, { twin: ABSENT }, { expiration: 20n });
    plain.send([...toPlain.slice(0, 4), ...toCustody.slice(0, 4), ...toSid, ...abroad.slice(0, 1), short]);
    await handled(plain, []);
    custody.send(toPlain.slice(4));
    custody.send(toCustody.slice(4));
    custody.send(abroad.slice(1));
    await handled(custody, [...new Array(8).fill('stored'), 'queued']);
    // Both are in the queue. After the first answer, objects of this relay may leave the other one alone for minutes.
    await until('a try at the other relay', () => other.got.length > 0);
    expect(await sample(relay, 'relay_session_evictions_total{reason="unreadable"}')).toBeNaN();
  });

  const tried = other.got.length;
  other.become(202);
  await withVersion(after, place, async (relay) => {
    // The alarms of the version before: nobody connects.
    await until('the envelopes in the federation queue', () =>
      abroad.every(({ uid }) => gotAbroad().slice(tried).includes(uid)),
    );
    await until('the end of mail that expired', async () => {
      const expired = await sample(relay, 'relay_messages_dropped_total{reason="expired"}');
      return expired === 1;
    });
    {
      await using b = await plainSpeaker(relay.wsUrl, 2);
      await expectMail(b, toPlain);
      await using sid = await connectAs(relay.wsUrl, 2, await identityOfTwin(2), 'sid');
      await expectMail(sid, toSid);
      await using c = await liveCustody(relay.wsUrl, 4);
      // Only the first half is acknowledged.
      for (const [n, each] of toCustody.entries()) {
        const { envelope, sequence } = await c.next();
        expect(printOf(envelope)).toBe(printOf(each));
        if (n < 4) c.acknowledge(sequence);
      }
      await using sender = await custodySpeaker(relay.wsUrl, 1);
      await handled(sender, []);
    }
    await using custody = await custodySpeaker(relay.wsUrl, 3);
    custody.send(later);
    await handled(custody, new Array(4).fill('stored'));
  });

  await withVersion(before, place, async (relay) => {
    await using b = await plainSpeaker(relay.wsUrl, 2);
    await expectMail(b, later);
    await using c = await custodySpeaker(relay.wsUrl, 4);
    const prints = toCustody.map(printOf);
    const got: string[] = [];
    while (got.at(-1) !== prints.at(-1)) got.push(printOf(await c.next()));
    // A row of the mailbox comes again whole, if one of its envelopes has no receipt. The first row was acknowledged.
    expect(got).toEqual(prints.slice(-got.length));
    expect(got.length).toBeGreaterThanOrEqual(4);
    expect(got.length).toBeLessThan(prints.length);
    expect(gotAbroad().length).toBe(tried + abroad.length);
  });
});
