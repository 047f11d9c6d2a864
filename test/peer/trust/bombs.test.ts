import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { identityOfTwin } from '../../rig/chain/network.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { type PeerProcess, startPeerProcess } from '../../rig/peer/peer-process.ts';
import { openProgram, type Program } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';
import { type HostileRelay, startHostileRelay } from '../../rig/relay/hostile-relay.ts';

/** A relay brings a peer in a process of its own envelopes that are dear to read. */

const CALLER = 6;
const CALLEE = DEV_TWINS.find(({ id }) => id === 2);
const MIB = 2 ** 20;
/** Clock ticks a second in /proc. */
const TICKS = 100;

let chain: DevChain;
let relay: HostileRelay;
let redis: RedisRig;
let beside: Program;
let peer: PeerProcess;
beforeAll(async () => {
  [chain, relay, redis] = await Promise.all([startDevChain({ blockTimeMs: 1000 }), startHostileRelay(), startRedis()]);
  beside = await openProgram(redis.url);
  const env = {
    RMB_MNEMONIC: CALLEE?.secret ?? '',
    RMB_KEY_TYPE: CALLEE?.keyType ?? '',
    RMB_SUBSTRATE: chain.wsUrl,
    RMB_RELAY: relay.url,
    RMB_REDIS: redis.url,
    RMB_NO_UPDATE: 'true',
    RMB_STATUS: '0',
  };
  peer = startPeerProcess({ env });
  await peer.ready();
  await answers();
});
afterAll(async () => {
  for (const each of [peer, beside, redis, relay]) await each[Symbol.asyncDispose]();
  await chain.close();
});

const signed = async (fields: Partial<Envelope> = {}) =>
  signEnvelope(request({ twin: CALLER }, { twin: 2 }, fields), await identityOfTwin(CALLER));
/** The peer has dealt with all that was brought before. */
const answers = async () => {
  relay.bring(await signed());
  await beside.reply('msgbus.test.echo');
};
/** The most memory that the peer ever had, bytes; its processor time, seconds. */
const cost = async () => {
  const status = await readFile(`/proc/${peer.pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${peer.pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return { peak: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024, seconds: (user + system) / TICKS };
};
const malformed = async () => {
  const text = await (await fetch(`${await peer.statusUrl()}/metrics`)).text();
  return Number(/^rmb_peer_envelope_dropped_total\{detail="malformed"\} (\d+)/m.exec(text)?.[1] ?? 0);
};
/** Empty entries of `relays` change nothing of what was signed. */
const manyRelays = async () => {
  const whole = encodeEnvelope(await signed());
  // Field 17, of no bytes.
  const entries = Buffer.alloc(15_600_000, Uint8Array.of(0x8a, 0x01, 0x00));
  return new Uint8Array(Buffer.concat([whole, entries]));
};

it.each([
  ['15.6 MB of empty relays', manyRelays],
  ['15 MiB of tags', async () => encodeEnvelope(await signed({ tags: 'a,'.repeat(7.5 * MIB) }))],
  ['15 MiB of uid', async () => encodeEnvelope(await signed({ uid: 'a'.repeat(15 * MIB) }))],
])('an envelope with %s costs at most 64 MB and half a second of processor time', async (_, make) => {
  const bomb = await make();
  const [before, dropped] = [await cost(), await malformed()];
  relay.bring(bomb);
  await answers();
  const after = await cost();
  expect(after.peak - before.peak).toBeLessThan(64e6);
  // Processor time of the event loop does not depend on other processes of the machine.
  expect(after.seconds - before.seconds).toBeLessThan(0.5);
  expect((await malformed()) - dropped).toBe(1);
});
