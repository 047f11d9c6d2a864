import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { mintToken } from '../../proto/token/token.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { bundleWorker } from '../../tools/local-relay/bundle.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type LocalRelay, startRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { upgrade } from '../rig/clients/upgrade.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';

let chain: DevChain;
let persist: string;
let port: number;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
  port = await freePort();
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${port}` });
});
beforeEach(async () => {
  persist = await mkdtemp(joinPath(tmpdir(), 'rmb-versions-'));
});
afterEach(() => rm(persist, { recursive: true }));
afterAll(() => chain.close());

/** Bundles later code: the relay with one more migration. */
const later = (migration: string) => (entry: string) =>
  bundleMutant(entry, {
    file: 'durable-objects/twin/storage/schema.ts',
    find: 'migrations: readonly Migration[] = MIGRATIONS',
    replace: `migrations: readonly Migration[] = [...MIGRATIONS, ${migration}]`,
  });

const ADDITION = later(`{
  id: '98-addition',
  sql: ["ALTER TABLE mailbox ADD COLUMN later TEXT NOT NULL DEFAULT 'x'", 'CREATE TABLE later (key INTEGER PRIMARY KEY)'],
  lowest: MIGRATIONS.length,
}`);
const CHANGE = later(`{
  id: '99-change',
  sql: ['CREATE TABLE later (key INTEGER PRIMARY KEY)'],
  lowest: MIGRATIONS.length + 1,
}`);

/** Runs a version of the relay on the storage of the one before. */
async function withRelay(bundle: typeof bundleWorker, work: (relay: LocalRelay) => Promise<void>): Promise<void> {
  await using relay = await startRelay({ port, persist, settings: { SUBSTRATE_URLS: chain.httpUrl }, bundle });
  await work(relay);
}

const join = async ({ wsUrl }: LocalRelay, twin: number): Promise<Client> =>
  connectAs(wsUrl, twin, await identityOfTwin(twin));

/** Sends a request from twin 1 to twin 2, which is away. Returns its uid, and the error if it is refused. */
async function leave(relay: LocalRelay): Promise<{ uid: string; error?: string }> {
  await using a = await join(relay, 1);
  const sent = request({ twin: 1 }, { twin: 2 });
  // A marker that nobody takes goes the same way, so that its error comes after the request was handled.
  const marker = request({ twin: 1 }, { twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
  for (const each of [sent, marker]) a.send(each);
  const { uid, content } = await a.next();
  if (uid === marker.uid) return { uid: sent.uid };
  return { uid: sent.uid, error: content?.kind === 'error' ? content.message : 'no error' };
}

/** Expects that twin 2 connects, and gets these requests. */
async function expectMail(relay: LocalRelay, uids: readonly string[]): Promise<void> {
  await using b = await join(relay, 2);
  for (const uid of uids) expect((await b.next()).uid).toBe(uid);
}

it('code of before runs on additions of later code, and later code goes on from there', async () => {
  const uids: string[] = [];
  for (const version of [ADDITION, bundleWorker, ADDITION]) {
    await withRelay(version, async (relay) => {
      const { uid, error } = await leave(relay);
      expect(error).toBeUndefined();
      uids.push(uid);
    });
  }
  await withRelay(bundleWorker, (relay) => expectMail(relay, uids));
});

it('code that cannot run on later tables answers 503 and tells senders, and later code finds its mail', async () => {
  const uids: string[] = [];
  await withRelay(CHANGE, async (relay) => void uids.push((await leave(relay)).uid));
  await withRelay(bundleWorker, async (relay) => {
    expect((await leave(relay)).error).toBe(
      'the relay changes its version and cannot serve the destination, try again later',
    );
    const now = Math.floor(Date.now() / 1000);
    const token = await mintToken({ twin: 2, now, ttl: 300 }, await identityOfTwin(2));
    expect(await upgrade(relay.httpUrl, `/?${token}`)).toMatchObject({
      status: 503,
      error: { code: 'relay-version', twin: 2 },
      headers: { 'retry-after': '5' },
    });
    // Twins without such tables are served.
    await (await join(relay, 3))[Symbol.asyncDispose]();
  });
  await withRelay(CHANGE, (relay) => expectMail(relay, uids));
});
