import { hashesOf, headerOf, specVersionOf } from '../../chain/block-answers.ts';
import type { EventTable } from '../../chain/event-table.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { storagePrefix } from '../../chain/storage-key.ts';
import { twinEvents } from '../../chain/twin-events.ts';
import type { ChainStep, FollowRequest, TwinChange } from '../../durable-objects/contract.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask } from '../twin-resolver/answers.ts';

const EVENTS = storagePrefix('System', 'Events');
/** Answers that hold numbers and hashes only (bytes). */
const SMALL = 65_536;
/** Events of so many blocks are asked for together, and may take so many bytes of JSON together. */
const BLOCKS_TOGETHER = 10;
const EVENTS_MOST = 8 * 2 ** 20;
/** A node so far behind what we have seen (blocks) is not just late: it is left. A fork is no longer either. */
const FAR_BEHIND = 10;

type BlocksStep = Extract<ChainStep, { kind: 'blocks' }>;

/** What went wrong at one node, and of which kind. */
export interface StepFault {
  readonly fault: string;
  readonly astray?: 'chain' | 'behind';
  /** The answer it would have been, had its events been readable. */
  readonly step?: BlocksStep;
}

/** The event table of a runtime that is met at a block, by way of the same node when it has to be learned. */
export type TableOf = (genesis: string, specVersion: number, block: string) => Promise<Result<EventTable, TableFault>>;

/** Why there is no table: the node did not give the metadata, or what it gave is of no use. */
export interface TableFault {
  readonly fault: string;
  readonly useless: boolean;
}

/** The number and genesis of the chain that a node is on, checked against what is followed. */
async function readHead(ask: Ask, { since, genesis }: FollowRequest) {
  const answers = await ask(
    [
      { method: 'chain_getBlockHash', params: [[0]] },
      { method: 'chain_getHeader', params: [] },
    ],
    SMALL,
  );
  if (!answers.ok) return err({ fault: answers.error });
  const hashes = hashesOf(answers.value[0], 1);
  const header = headerOf(answers.value[1]);
  const [first] = hashes ?? [];
  if (first === undefined || first === null || header === undefined) return err({ fault: 'its head is no header' });
  if (genesis !== undefined && first !== genesis) {
    return err({ fault: 'it is on another chain', astray: 'chain' as const });
  }
  if (since !== undefined && header.number < since.number - FAR_BEHIND) {
    const fault = `its head ${header.number} is behind block ${since.number}, seen before`;
    return err({ fault, astray: 'behind' as const });
  }
  return ok({ genesis: first, header });
}

/** The hashes of blocks `from`..`to`; a node must know each block below its own head. */
async function readHashes(ask: Ask, from: number, to: number): Promise<Result<string[], string>> {
  const numbers = Array.from({ length: to - from + 1 }, (_, place) => from + place);
  const answers = await ask([{ method: 'chain_getBlockHash', params: [numbers] }], SMALL);
  if (!answers.ok) return answers;
  const hashes = hashesOf(answers.value[0], numbers.length);
  if (hashes === undefined) return err('it gave no block hashes');
  const known: string[] = [];
  for (const hash of hashes) {
    if (hash === null) return err(`it has no block ${from + known.length}, below its own head`);
    known.push(hash);
  }
  return ok(known);
}

/** Events of blocks by their hashes; the first hash is that of the block before them. */
async function readEvents(ask: Ask, genesis: string, hashes: readonly string[], firstBlock: number, tableOf: TableOf) {
  const changes: TwinChange[] = [];
  let unreadable: string | undefined;
  for (let start = 1; start < hashes.length; start += BLOCKS_TOGETHER) {
    const group = hashes.slice(start, start + BLOCKS_TOGETHER);
    // A block's events are written by the runtime that its parent left behind.
    const parents = hashes.slice(start - 1, start - 1 + group.length);
    const answers = await ask(
      group.flatMap((hash, place) => [
        { method: 'state_getRuntimeVersion', params: [parents[place]] },
        { method: 'state_getStorage', params: [EVENTS, hash] },
      ]),
      EVENTS_MOST,
    );
    if (!answers.ok) return answers;
    for (const [place, parent] of parents.entries()) {
      const block = firstBlock + start - 1 + place;
      const specVersion = specVersionOf(answers.value[2 * place]);
      const bytes = bytesOf(answers.value[2 * place + 1]);
      if (specVersion === undefined) return err(`it gave no runtime version for block ${block}`);
      if (!bytes.ok) return bytes;
      const table = await tableOf(genesis, specVersion, parent);
      if (!table.ok && !table.error.useless) return err(table.error.fault);
      const events = table.ok ? twinEvents(table.value, bytes.value ?? new Uint8Array([0])) : err(table.error.fault);
      if (events.ok) for (const { id, kind } of events.value) changes.push({ twin: id, kind, block });
      else unreadable ??= `block ${block} (spec version ${specVersion}): ${events.error}`;
    }
  }
  return ok({ changes, unreadable });
}

/**
 * One node's answer to a request, all over one connection: its head, the hashes of the blocks since then, and the
 * twins among their events. What does not fit together is the node's fault, and another one is to be asked.
 */
export async function readBlocks(
  ask: Ask,
  request: FollowRequest,
  tableOf: TableOf,
  isBelieved: (head: number) => Promise<boolean>,
): Promise<Result<ChainStep, StepFault>> {
  const { since } = request;
  const head = await readHead(ask, request);
  if (!head.ok) return head;
  const { genesis, header } = head.value;
  if (!(await isBelieved(header.number))) return err({ fault: `its head ${header.number} is not plausible` });
  const from = Math.min(since?.number ?? header.number, header.number);
  const to = Math.min(header.number, from + request.most);
  const hashes = await readHashes(ask, from, to);
  if (!hashes.ok) return err({ fault: hashes.error });
  const [first = '', ...rest] = hashes.value;
  if (to === header.number && rest.length > 0 && hashes.value.at(-2) !== header.parentHash) {
    return err({ fault: `its head ${header.number} does not follow from its block ${header.number - 1}` });
  }
  const isLate = since !== undefined && from < since.number;
  if (!isLate && since?.hash !== undefined && since.hash !== first) return ok({ kind: 'forked' });
  const read = await readEvents(ask, genesis, hashes.value, from + 1, tableOf);
  if (!read.ok) return err({ fault: read.error });
  const reached = { number: to, hash: rest.at(-1) ?? first };
  // A node that is a few blocks late has nothing new, and takes nothing back.
  const through = isLate && since.hash !== undefined ? { number: since.number, hash: since.hash } : reached;
  const step: BlocksStep = { kind: 'blocks', genesis, head: header.number, through, ...read.value };
  if (read.value.unreadable === undefined) return ok(step);
  return err({ fault: `its events cannot be read: ${read.value.unreadable}`, step });
}
