import { createClient } from 'redis';
import { z } from 'zod';
import type { Log } from '../../../client/ports.ts';
import type { Admission } from '../../../client/serving/admission.ts';
import type { Plugin } from '../../../client/serving/plugin.ts';
import type { PeerEvent } from '../../../local-peer/bridge/events.ts';
import { type Peer, startPeer } from '../../../local-peer/daemon/peer.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import type { Network } from '../chain/network.ts';
import { within } from '../clients/client.ts';
import { startRedis } from '../redis/redis.ts';

/** A line that a peer logged. */
interface Logged {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

const reply = z.object({
  ver: z.number(),
  ref: z.string().nullable(),
  dat: z.string(),
  src: z.string(),
  shm: z.string().nullable(),
  now: z.number(),
  err: z.object({ code: z.number(), message: z.string() }).nullable(),
});

/** A peer of a development twin, with a Redis of its own. */
export interface PeerRig extends AsyncDisposable {
  readonly peer: Peer;
  readonly redisUrl: string;
  readonly logged: readonly Logged[];
  /** The count of each event. */
  readonly counted: ReadonlyMap<PeerEvent, number>;
  /** The count of each event with its detail, for example `command-refused message`. */
  readonly details: ReadonlyMap<string, number>;
  /** Leaves a request for the peer; any text, so that it may be wrong. */
  request(entry: object | string): Promise<void>;
  /** Leaves a response. */
  respond(entry: object | string): Promise<void>;
  /** Takes the next entry of a queue; undefined when none comes within `seconds`. */
  take(queue: string, seconds?: number): Promise<string | undefined>;
  /** The next reply in a queue. */
  reply(queue: string): Promise<z.infer<typeof reply>>;
}

const WAIT_SECONDS = 120;

/** The chain and the relay of a peer, unless its options name others. */
export interface Around {
  readonly chain: Pick<Network['chain'], 'wsUrl'>;
  readonly relay: Pick<Network['relay'], 'wsUrl'>;
}

/** Options of a peer; an absent one is the network's, or a peer's default. */
export interface PeerOptions {
  readonly update?: boolean;
  readonly keepRelays?: boolean;
  readonly keepOnChain?: boolean;
  /** Absent: a Redis of its own. */
  readonly redis?: string;
  readonly substrate?: string[];
  readonly relays?: string[];
  readonly plugins?: readonly Plugin[];
  readonly admission?: Admission;
  /** false: it may never become ready. */
  readonly awaitsReady?: boolean;
}

/** Starts one; resolves when it is ready, unless `awaitsReady` is false: then whatever its Redis, chain and relays do. */
export async function startPeerRig(network: Around, twin: number, options: PeerOptions = {}): Promise<PeerRig> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  await using stack = new AsyncDisposableStack();
  const redisUrl = options.redis ?? stack.use(await startRedis()).url;
  const logged: Logged[] = [];
  const counted = new Map<PeerEvent, number>();
  const at = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const config = {
    secret: dev.secret,
    keyType: dev.keyType,
    redis: redisUrl,
    substrate: options.substrate ?? [network.chain.wsUrl],
    relays: options.relays ?? [network.relay.wsUrl],
    update: options.update ?? true,
    keepRelays: options.keepRelays ?? false,
    keepOnChain: options.keepOnChain ?? false,
    admission: options.admission ?? {},
  };
  const details = new Map<string, number>();
  const count = (event: PeerEvent, detail = '') => {
    counted.set(event, (counted.get(event) ?? 0) + 1);
    details.set(`${event} ${detail}`, (details.get(`${event} ${detail}`) ?? 0) + 1);
  };
  const peer = stack.use(await startPeer(config, log, count, options.plugins));
  const client = stack.adopt(createClient({ url: redisUrl }), (each) => each.destroy());
  client.on('error', () => undefined);
  // The Redis may be down: the connection is awaited by the first command only.
  const connecting = client.connect();
  connecting.catch(() => undefined);
  const text = (entry: object | string) => (typeof entry === 'string' ? entry : JSON.stringify(entry));
  const take = async (queue: string, seconds = WAIT_SECONDS) => (await client.brPop(queue, seconds))?.element;
  if (options.awaitsReady !== false) await within(peer.ready, `the peer of twin ${twin} to be ready`);
  const owned = stack.move();
  return {
    peer,
    redisUrl,
    logged,
    counted,
    details,
    request: async (entry) => void (await client.lPush('msgbus.system.local', text(entry))),
    respond: async (entry) => void (await client.lPush('msgbus.system.reply', text(entry))),
    take,
    reply: async (queue) => {
      const entry = await take(queue);
      if (entry === undefined) throw new Error(`no reply in ${queue} within ${WAIT_SECONDS} s`);
      return reply.parse(JSON.parse(entry));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A request as a program writes it. */
export function localRequest(fields: object): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    ver: 1,
    ref: 'my-ref',
    cmd: 'test.echo',
    exp: 60,
    dat: 'aGVsbG8=',
    dst: [2],
    ret: 'replies',
    now,
    ...fields,
  };
}
