import { z } from 'zod';
import { decodeFree } from '../../chain/account-record.ts';
import { headerOf } from '../../chain/block-answers.ts';
import { BLOCK_TIME_KEY, decodeBlockTime } from '../../chain/block-time.ts';
import { accountStorageKey } from '../../chain/storage-key.ts';
import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { maskUrl } from '../config/mask.ts';
import { type ChainSession, openSession } from '../twins/chain-session.ts';
import { twinById, twinIdOf } from '../twins/questions.ts';
import type { ChainSeen } from './chain-verdict.ts';
import { reasonOf, within } from './patience.ts';

/** A node sends its metadata first. */
const OPEN_MS = 7_000;
/** A block comes every 6 s. */
const BLOCK_MS = 6_500;
/** All that is looked at, blocks included. */
const LOOK_AT_MS = 7_000;
const PAUSE_MS = 500;
/** A block that is no older says that they come; seconds. */
const FRESH = 13;

/** A node that was asked for; `session` is there when it can be used. */
export interface OpenedNode {
  readonly name: string;
  readonly session: ChainSession | undefined;
  readonly fault: string;
}

/** Connects to a node. */
export async function openNode(url: string): Promise<OpenedNode> {
  const opened = await openSession(url, OPEN_MS);
  const name = maskUrl(url);
  return opened.ok ? { name, session: opened.value, fault: '' } : { name, session: undefined, fault: opened.error };
}

/** Which chain a node serves, and whether it goes on. @param now Unix ms, as the relays have it where they tell */
export async function lookAtChain(session: ChainSession, now: () => number): Promise<ChainSeen | string> {
  return within(LOOK_AT_MS, look(session, now)).catch(reasonOf);
}

async function look(session: ChainSession, now: () => number): Promise<ChainSeen> {
  const [title, head] = await Promise.all([titleOf(session), headOf(session)]);
  const isMoving = Math.abs((await aheadOf(session, now)) ?? FRESH) < FRESH || (await moves(session, head));
  const { genesis, isTfchain } = session;
  return { title, genesis, isTfchain, head, isMoving, ahead: await aheadOf(session, Date.now) };
}

/** What a chain calls itself. @throws when the node does not answer */
export async function titleOf(session: ChainSession): Promise<string> {
  return z
    .string()
    .max(200)
    .parse(got(await session.ask('system_chain', [])));
}

/** The twin of an account, as one node has it. @throws when it does not answer */
export async function twinOfAccount(session: ChainSession, account: Uint8Array): Promise<Twin | undefined> {
  const id = got(await twinIdOf(session, account));
  return id === undefined ? undefined : got(await twinById(session, id));
}

/** What an account has, in units of 10^-7 TFT. @throws when the node does not answer */
export async function freeOf(session: ChainSession, account: Uint8Array): Promise<bigint> {
  const stored = got(await session.stored(accountStorageKey(account)));
  return stored === undefined ? 0n : got(decodeFree(stored));
}

async function headOf(session: ChainSession): Promise<number> {
  const head = headerOf(got(await session.ask('chain_getHeader', [])));
  if (head === undefined) throw new Error('its head is no header');
  return head.number;
}

/** The time of the last block minus ours, seconds. @param now Unix ms */
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

/** What a node answered. @throws why it did not, for people */
function got<T>(answer: Result<T, string>): T {
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}
