import type { ChainStep, FollowRequest, TwinChange } from '../../durable-objects/contract.ts';
import { hashesOf, headerOf, specVersionOf } from '../../proto/chain/block-answers.ts';
import type { EventTable } from '../../proto/chain/event-table.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { storagePrefix } from '../../proto/chain/storage-key.ts';
import { twinEvents } from '../../proto/chain/twin-events.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask } from '../twin-resolver/answers.ts';

const EVENTS = storagePrefix('System', 'Events');
/** The size of answers with only numbers and hashes. */
const SMALL_BYTES = 65_536;
/** Blocks whose events are read together, and the size of their JSON. */
const BLOCKS_TOGETHER = 10;
const EVENTS_MOST_BYTES = 8 * 2 ** 20;
/** A node this far behind the last block (blocks) is not just late, and no fork is this long: another one is asked. */
const FAR_BEHIND = 10;

type BlocksStep = Extract<ChainStep, { kind: 'blocks' }>;

/** The fault of one node. */
export interface StepFault {
  readonly fault: string;
  readonly astray?: 'chain' | 'behind';
  /** The step without its unreadable events. */
  readonly step?: BlocksStep;
}

/** Returns the event table of a runtime at a block, read from the same node if it is not known. */
export type TableOf = (genesis: string, specVersion: number, block: string) => Promise<Result<EventTable, TableFault>>;

/** Why there is no table: the node did not return metadata, or it is unusable. */
export interface TableFault {
  readonly fault: string;
  readonly isUnusable: boolean;
}

/** Reads a node's head and genesis, and checks them against the followed chain. */
async function readHead(ask: Ask, { since, genesis }: FollowRequest) {
  const answers = await ask(
    [
      { method: 'chain_getBlockHash', params: [[0]] },
      { method: 'chain_getHeader', params: [] },
    ],
    SMALL_BYTES,
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

/** Reads the hashes of blocks `from` to `to`. A node must know each block below its own head. */
async function readHashes(ask: Ask, from: number, to: number): Promise<Result<string[], string>> {
  const numbers = Array.from({ length: to - from + 1 }, (_, place) => from + place);
  const answers = await ask([{ method: 'chain_getBlockHash', params: [numbers] }], SMALL_BYTES);
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

/** Reads the events of blocks by their hashes. The first hash is that of the block before them. */
async function readEvents(ask: Ask, genesis: string, hashes: readonly string[], firstBlock: number, tableOf: TableOf) {
  const changes: TwinChange[] = [];
  let unreadable: string | undefined;
  for (let start = 1; start < hashes.length; start += BLOCKS_TOGETHER) {
    const group = hashes.slice(start, start + BLOCKS_TOGETHER);
    // The runtime of the parent block writes a block's events.
    const parents = hashes.slice(start - 1, start - 1 + group.length);
    const answers = await ask(
      group.flatMap((hash, place) => [
        { method: 'state_getRuntimeVersion', params: [parents[place]] },
        { method: 'state_getStorage', params: [EVENTS, hash] },
      ]),
      EVENTS_MOST_BYTES,
    );
    if (!answers.ok) return answers;
    for (const [place, parent] of parents.entries()) {
      const block = firstBlock + start - 1 + place;
      const specVersion = specVersionOf(answers.value[2 * place]);
      const bytes = bytesOf(answers.value[2 * place + 1]);
      if (specVersion === undefined) return err(`it gave no runtime version for block ${block}`);
      if (!bytes.ok) return bytes;
      const table = await tableOf(genesis, specVersion, parent);
      if (!table.ok && !table.error.isUnusable) return err(table.error.fault);
      const events = table.ok ? twinEvents(table.value, bytes.value ?? new Uint8Array([0])) : err(table.error.fault);
      if (events.ok) for (const { id, kind } of events.value) changes.push({ twin: id, kind, block });
      else unreadable ??= `block ${block} (spec version ${specVersion}): ${events.error}`;
    }
  }
  return ok({ changes, unreadable });
}

/**
 * Reads one node's step over one connection: its head, the hashes of the blocks since the last one, and the twins in their
 * events. Answers that contradict each other are an error of the node.
 */
export async function readBlocks(
  ask: Ask,
  request: FollowRequest,
  tableOf: TableOf,
  isPlausible: (head: number) => Promise<boolean>,
): Promise<Result<ChainStep, StepFault>> {
  const { since } = request;
  const head = await readHead(ask, request);
  if (!head.ok) return head;
  const { genesis, header } = head.value;
  if (!(await isPlausible(header.number))) return err({ fault: `its head ${header.number} is not plausible` });
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
  // A node that is a few blocks late has nothing new, and the watcher does not go back.
  const through = isLate && since.hash !== undefined ? { number: since.number, hash: since.hash } : reached;
  const step: BlocksStep = { kind: 'blocks', genesis, head: header.number, through, ...read.value };
  if (read.value.unreadable === undefined) return ok(step);
  return err({ fault: `its events cannot be read: ${read.value.unreadable}`, step });
}
