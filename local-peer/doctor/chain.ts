import type { ApiPromise } from '@polkadot/api';
import { z } from 'zod';
import type { Twin } from '../../proto/twin.ts';
import { maskUrl } from '../config/mask.ts';
import { storage, twinOf } from '../twins/chain.ts';
import { type ChainSession, openSession } from '../twins/chain-session.ts';
import type { ChainSeen } from './chain-verdict.ts';
import { reasonOf, within } from './patience.ts';

/** A node sends its metadata first. */
const OPEN_MS = 7_000;
const ANSWER_MS = 2_000;
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
export async function lookAtChain({ api }: ChainSession, now: () => number): Promise<ChainSeen | string> {
  return within(LOOK_AT_MS, look(api, now)).catch(reasonOf);
}

async function look(api: ApiPromise, now: () => number): Promise<ChainSeen> {
  const [title, head] = await within(ANSWER_MS, Promise.all([api.rpc.system.chain(), headOf(api)]));
  const isMoving = Math.abs((await aheadOf(api, now)) ?? FRESH) < FRESH || (await moves(api, head));
  return {
    title: title.toString(),
    genesis: api.genesisHash.toHex(),
    isTfchain: api.query.tfgridModule?.twins !== undefined,
    head,
    isMoving,
    ahead: await aheadOf(api, Date.now),
  };
}

/** The twin of an account, as one node has it. @throws when it does not answer */
export async function twinOfAccount(api: ApiPromise, account: Uint8Array): Promise<Twin | undefined> {
  const found = await within(ANSWER_MS, storage(api, 'twinIdByAccountID')(account));
  const id = z.number().nullable().parse(found.toJSON());
  // A chain that counts from 1 has 0 for nobody.
  if (id === null || id === 0) return undefined;
  return twinOf(api, (await within(ANSWER_MS, storage(api, 'twins')(id))).toJSON());
}

const balance = z.object({ data: z.object({ free: z.union([z.number(), z.string()]) }) });

/** What an account has, in units of 10^-7 TFT. @throws when the node does not answer */
export async function freeOf(api: ApiPromise, account: Uint8Array): Promise<bigint> {
  const query = api.query.system?.account;
  if (query === undefined) throw new Error('this chain has no accounts');
  return BigInt(balance.parse((await within(ANSWER_MS, query(account))).toJSON()).data.free);
}

async function headOf(api: ApiPromise): Promise<number> {
  return (await api.rpc.chain.getHeader()).number.toNumber();
}

/** The time of the last block minus ours, seconds. @param now Unix ms */
async function aheadOf(api: ApiPromise, now: () => number): Promise<number | undefined> {
  const query = api.query.timestamp?.now;
  if (query === undefined) return undefined;
  const at = z.coerce.number().safeParse((await within(ANSWER_MS, query())).toString());
  return at.success ? (at.data - now()) / 1000 : undefined;
}

async function moves(api: ApiPromise, head: number): Promise<boolean> {
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if ((await within(ANSWER_MS, headOf(api))) > head) return true;
  }
  return false;
}
