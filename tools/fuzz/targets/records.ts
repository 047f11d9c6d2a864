import { decodeFree } from '../../../proto/chain/account-record.ts';
import { tableOf } from '../../../proto/chain/metadata-shapes.ts';
import { twinEvents } from '../../../proto/chain/twin-events.ts';
import { decodeTwin } from '../../../proto/chain/twin-record.ts';
import { chainVectors } from '../../../test/rig/chain/chain-vectors.ts';
import { encodeEvents } from '../../dev-chain/ledger/events.ts';
import { buildMetadata } from '../../dev-chain/metadata/metadata.ts';
import { readRuntime } from '../../dev-chain/metadata/runtime.ts';
import { fromHex } from '../input/hex.ts';
import { mutate } from '../input/mutate.ts';
import { promise, type Target } from '../target.ts';

const metadata = buildMetadata();
const made = tableOf(fromHex(metadata));
if (!made.ok) throw new Error(made.error.fault);
const table = made.value;

const TWINS: readonly Uint8Array[] = chainVectors.twins.map(({ scale }) => fromHex(scale));
const ACCOUNT = fromHex(`${'01'.repeat(16)}0010a5d4e80000000000000000000000${'00'.repeat(48)}`);
const EVENTS = blocks();

/** SCALE of a chain node, as a twin, an account and a block's events: each is read or refused. */
export const records: Target = {
  name: 'records',
  make: (random) => mutate(random, [...TWINS, ACCOUNT, ...EVENTS, ...EVENTS]),
  run: (scale) => {
    const twin = decodeTwin(scale);
    promise(!twin.ok || twin.value.account.length === 32, 'an account of another length than 32');
    decodeFree(scale);
    const events = twinEvents(table, scale);
    if (!events.ok) return;
    for (const event of events.value) promise(event.twin.length >= 4, 'a twin without an id');
  },
};

/** Blocks with one event, and with some of both kinds. */
function blocks(): Uint8Array[] {
  const writer = readRuntime(metadata).events;
  const records = chainVectors.twins.map(({ twin: { id, account, entities, relay, pk } }, place) => {
    const bytes = (hex: string | null) => (hex === null ? null : fromHex(hex));
    const signed = entities.map(({ entityId, signature }) => ({ id: entityId, signature: fromHex(signature) }));
    const twin = {
      id,
      account: `0x${account.replace(/^0x/, '')}`,
      relay: relay === null ? null : new TextEncoder().encode(relay),
      pk: bytes(pk),
      entities: signed,
    };
    return writer.twin(place, place % 2 === 0 ? 'twinStored' : 'twinUpdated', twin);
  });
  return [...records.map((record) => encodeEvents([record])), encodeEvents(records), encodeEvents([])];
}
