import { z } from 'zod';
import { type ChainSession, openChainSession } from '../../../client/directory/chain-session.ts';
import { twinById, twinIdOf } from '../../../client/directory/questions.ts';
import { maskUrl } from '../../../client/mask.ts';
import { dialNode } from '../../../client/session/node-socket.ts';
import { decodeFree } from '../../../proto/chain/account-record.ts';
import { headerOf } from '../../../proto/chain/block-answers.ts';
import { BLOCK_TIME_KEY, decodeBlockTime } from '../../../proto/chain/block-time.ts';
import { accountStorageKey } from '../../../proto/chain/storage-key.ts';
import type { Result } from '../../../proto/result.ts';
import type { Twin } from '../../../proto/twin.ts';
import { reasonOf, within } from '../patience.ts';
import type { ChainSeen } from './chain-verdict.ts';

/** Limit for a node to become usable, ms: it sends its metadata first. */
const OPEN_MS = 7_000;
/** Limit for a new block, ms: blocks come every 6 s. */
const BLOCK_MS = 6_500;
/** Limit for all checks of a node, ms. */
const LOOK_AT_MS = 7_000;
const PAUSE_MS = 500;
/** A younger last block proves that the chain moves, seconds. */
const FRESH = 13;

/** A node, with a session if it can be used. */
export interface OpenedNode {
  readonly name: string;
  readonly session: ChainSession | undefined;
  readonly fault: string;
}

/** Connects to a node. */
export async function openNode(url: string): Promise<OpenedNode> {
  const opened = await openChainSession(dialNode, url, OPEN_MS);
  const name = maskUrl(url);
  return opened.ok ? { name, session: opened.value, fault: '' } : { name, session: undefined, fault: opened.error };
}

/** Returns a node's chain, and whether it moves. @param now Unix ms, of the relays where they tell it */
export async function lookAtChain(session: ChainSession, now: () => number): Promise<ChainSeen | string> {
  return within(LOOK_AT_MS, look(session, now)).catch(reasonOf);
}

async function look(session: ChainSession, now: () => number): Promise<ChainSeen> {
  const [title, head] = await Promise.all([titleOf(session), headOf(session)]);
  const isMoving = Math.abs((await aheadOf(session, now)) ?? FRESH) < FRESH || (await moves(session, head));
  const { genesis, isTfchain } = session;
  return { title, genesis, isTfchain, head, isMoving, ahead: await aheadOf(session, Date.now) };
}

/** Returns a chain's own name. @throws when the node does not answer */
export async function titleOf(session: ChainSession): Promise<string> {
  return z
    .string()
    .max(200)
    .parse(got(await session.ask('system_chain', [])));
}

/** Returns an account's twin at one node. @throws when the node does not answer */
export async function twinOfAccount(session: ChainSession, account: Uint8Array): Promise<Twin | undefined> {
  const id = got(await twinIdOf(session, account));
  return id === undefined ? undefined : got(await twinById(session, id));
}

/** Returns an account's balance in units of 10^-7 TFT. @throws when the node does not answer */
export async function freeOf(session: ChainSession, account: Uint8Array): Promise<bigint> {
  const stored = got(await session.stored(accountStorageKey(account)));
  return stored === undefined ? 0n : got(decodeFree(stored));
}

async function headOf(session: ChainSession): Promise<number> {
  const head = headerOf(got(await session.ask('chain_getHeader', [])));
  if (head === undefined) throw new Error('its head is no header');
  return head.number;
}

/** Returns the last block's time minus `now`, seconds. @param now Unix ms */
async function aheadOf(session: ChainSession, now: () => number): Promise<number | undefined> {
  const time = decodeBlockTime(got(await session.stored(BLOCK_TIME_KEY)));
  return time === undefined ? undefined : (time - now()) / 1000;
}

async function moves(session: ChainSession, head: number): Promise<boolean> {
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if ((await headOf(session)) > head) return true;
  }
  return false;
}

/** Returns a node's answer. @throws the fault, for people */
function got<T>(answer: Result<T, string>): T {
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}
