import { Clock, skewByBlock } from '../../client/session/clock.ts';
import type { Twin } from '../../proto/twin.ts';
import type { Gathered, ReadFile } from '../config/config.ts';
import { judgeChain, type NodeSeen } from './chain/chain-verdict.ts';
import { judgeClock, type Skew } from './chain/clock.ts';
import { freeOf, lookAtChain, type OpenedNode, openNode, titleOf, twinOfAccount } from './chain/look-at-chain.ts';
import { type Line, linesOf } from './line.ts';
import { reasonOf } from './patience.ts';
import { type DoctorRedis, hasSeen, lookAtRedis, openRedis } from './redis/look-at-redis.ts';
import { judgeConnection, judgeRedis } from './redis/redis-verdict.ts';
import { lookAtRelay } from './relay/look-at-relay.ts';
import { judgeWay, sessionSkipped } from './relay/relay-verdict.ts';
import { goTo } from './relay/relay-way.ts';
import type { SessionOwner } from './relay/session.ts';
import { judgeTwin, noTwin, twinSkipped } from './relay/twin-verdict.ts';
import { judgeKeyType, otherIdentity, type ReadSecret, readSecret } from './secret.ts';

/** Findings, and secrets that no output may show. */
export interface Findings {
  readonly lines: readonly Line[];
  readonly secrets: readonly string[];
}

/**
 * Checks everything that a peer with these settings needs, and changes nothing. Each check has a limit: together they
 * take 20 s at most.
 * @throws UsageError when a setting cannot be read
 */
export async function examine(gathered: Gathered, readFile: ReadFile): Promise<Findings> {
  const secret = await readSecret(gathered, readFile);
  const { settings } = secret;
  const { peer } = settings;
  const relays = peer.relays.map((relay) => new URL(relay));
  const clock = new Clock(Date.now, () => undefined);
  const [redis, nodes, ways] = await Promise.all([
    openRedis(peer.redis),
    Promise.all(peer.substrate.map(openNode)),
    Promise.all(relays.map((relay) => goTo(relay, clock))),
  ]);
  const client = redis.ok ? redis.value : undefined;
  try {
    const [redisLines, chains, own] = await Promise.all([
      client === undefined ? [] : lookAtRedis(client).then(judgeRedis),
      lookAtChains(nodes, clock),
      lookAtTwin(secret, nodes),
    ]);
    const skew = skewOf(clock, chains);
    const sessions = await Promise.all(
      relays.map((relay, place) => {
        const isThere = ways[place]?.every(({ isOk }) => isOk) ?? false;
        return lookAtSessions(relay, isThere, { secret, twin: own.twin, client, clock });
      }),
    );
    return {
      lines: [
        ...secret.lines,
        own.keyType,
        judgeClock(skew),
        ...judgeConnection(redis.ok ? undefined : redis.error),
        ...redisLines,
        ...judgeChain(chains),
        ...own.lines,
        ...relays.flatMap((relay, place) => [...judgeWay(relay, ways[place] ?? []), ...(sessions[place] ?? [])]),
      ],
      secrets: settings.secrets,
    };
  } finally {
    client?.destroy();
    for (const { session } of nodes) session?.close();
  }
}

async function lookAtChains(nodes: readonly OpenedNode[], clock: Clock): Promise<NodeSeen[]> {
  const now = () => clock.seconds() * 1000;
  return Promise.all(
    nodes.map(async ({ name, session, fault }) => ({
      name,
      chain: session === undefined ? fault : await lookAtChain(session, now),
    })),
  );
}

/** Returns the skew of this machine's clock. The chain bounds the relays' times, and replaces them where there are none. */
function skewOf(clock: Clock, chains: readonly NodeSeen[]): Skew | undefined {
  const moving = chains.flatMap(({ chain }) => (typeof chain !== 'string' && chain.isMoving ? [chain.ahead] : []));
  const [ahead] = moving.filter((each) => each !== undefined);
  if (ahead !== undefined) clock.measureChain(Date.now() + ahead * 1000);
  if (clock.skew !== undefined) return { seconds: clock.skew, whose: 'relays' };
  return ahead === undefined ? undefined : { seconds: skewByBlock(ahead), whose: 'chain' };
}

interface OwnTwin {
  readonly twin: Twin | undefined;
  readonly keyType: Line;
  readonly lines: readonly Line[];
}

/** Looks the own twin up at the first usable node. */
async function lookAtTwin({ settings, identity }: ReadSecret, nodes: readonly OpenedNode[]): Promise<OwnTwin> {
  const { peer } = settings;
  const unknown = (why: string): OwnTwin => ({
    twin: undefined,
    keyType: linesOf('secret').skipped('key type', why),
    lines: twinSkipped(why),
  });
  const node = nodes.map(({ session }) => session).find((session) => session?.isTfchain);
  if (identity === undefined) return unknown('invalid secret');
  if (node === undefined) return unknown('no chain node answers');
  const { account, e2ePublicKey: pk } = identity;
  try {
    const twin = await twinOfAccount(node, account);
    if (twin === undefined) {
      const other = await otherIdentity(settings);
      const otherTwin = other === undefined ? undefined : await twinOfAccount(node, other.account);
      const keyType = judgeKeyType(peer.keyType, undefined, otherTwin?.id);
      const isType = keyType.state === 'fail';
      const lines = isType ? twinSkipped('the key type is wrong') : noTwin(account, await titleOf(node));
      return { twin, keyType, lines };
    }
    const free = await freeOf(node, account).catch(reasonOf);
    const relays = peer.relays.map((relay) => new URL(relay));
    const { update, keepRelays } = peer;
    const keyType = judgeKeyType(peer.keyType, twin.id, undefined);
    return { twin, keyType, lines: judgeTwin({ twin, pk, relays, update, keepRelays, free }) };
  } catch (error) {
    return unknown(reasonOf(error));
  }
}

interface SessionParts {
  readonly secret: ReadSecret;
  readonly twin: Twin | undefined;
  readonly client: DoctorRedis | undefined;
  readonly clock: Clock;
}

async function lookAtSessions(relay: URL, isThere: boolean, { secret, twin, client, clock }: SessionParts) {
  const lines = linesOf(`relay ${relay.host}`);
  const { identity } = secret;
  if (!isThere) return sessionSkipped(lines, 'the relay does not answer');
  if (twin === undefined || identity === undefined) return sessionSkipped(lines, 'the own twin is unknown');
  const owner: SessionOwner = { twin: twin.id, identity, now: () => clock.secondsAt(relay.href) };
  const isNoted = client === undefined ? undefined : (uid: string) => hasSeen(client, twin.id, uid);
  return lookAtRelay(relay, { owner, twin, isNoted });
}
