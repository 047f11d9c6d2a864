import { existsSync, readFileSync } from 'node:fs';
import { hexToBytes } from '@noble/hashes/utils.js';
import { Metadata, TypeRegistry } from '@polkadot/types';
import type { EventRecord } from '@polkadot/types/interfaces';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventWriter, encodeEvents } from '../../tools/dev-chain/ledger/events.ts';
import type { LedgerTwin } from '../../tools/dev-chain/ledger/ledger.ts';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { readRuntime } from '../../tools/dev-chain/metadata/runtime.ts';
import type { EventTable } from './event-table.ts';
import { parseTable } from './event-table.ts';
import { tableOf } from './metadata-shapes.ts';
import { twinEvents } from './twin-events.ts';

/** The live network's metadata, if it is beside the repository. */
const LIVE = process.env.TFCHAIN_METADATA ?? '../shared/chain/tfchain-metadata.scale';
const devMetadata = hexToBytes(buildMetadata().slice(2));
/** Writes events as the dev chain does. */
const dev = readRuntime(buildMetadata()).events;

function open(scale: Uint8Array): { table: EventTable; registry: TypeRegistry; metadata: Metadata } {
  const made = tableOf(scale);
  if (!made.ok) throw new Error(made.error.fault);
  // As it is read from KV.
  const table = parseTable(JSON.stringify(made.value));
  if (table === undefined) throw new Error('the table is not read again');
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, scale);
  registry.setMetadata(metadata);
  return { table, registry, metadata };
}

/** Returns the twins in events by @polkadot/types. */
function decoded(registry: TypeRegistry, scale: Uint8Array) {
  const records = registry.createType<import('@polkadot/types').Vec<EventRecord>>('Vec<EventRecord>', scale);
  return [...records].flatMap(({ event }) => {
    if (event.section !== 'tfgridModule' || !event.method.startsWith('Twin')) return [];
    const [data] = event.data;
    const id: unknown = Object(data?.toJSON()).id;
    const twin = data?.toU8a();
    if (event.method === 'TwinStored') return [{ id, kind: 'stored', twin }];
    return event.method === 'TwinUpdated' ? [{ id, kind: 'updated', twin }] : [];
  });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const twins: fc.Arbitrary<LedgerTwin> = fc.record({
  id: fc.nat(0xffffffff),
  account: bytes(32).map((account) => `0x${Buffer.from(account).toString('hex')}`),
  relay: fc.option(fc.uint8Array({ maxLength: 200 })),
  pk: fc.option(bytes(33)),
  entities: fc.array(fc.record({ id: fc.nat(0xffffffff), signature: fc.uint8Array({ maxLength: 70 }) }), {
    maxLength: 3,
  }),
});
const twinRecord = fc
  .tuple(fc.constantFrom('twinStored', 'twinUpdated'), twins, fc.option(fc.nat(1000)))
  .map(([kind, twin, phase]) => [dev.twin(phase ?? 'initialization', kind, twin)]);
const otherRecord = fc
  .constantFrom(...(['TwinWithPubkeyExists', 'TwinNotExists', undefined] as const))
  .map((error) => dev.extrinsic(7, error === undefined ? { ok: true } : { ok: false, error }));
const devEvents = fc
  .array(fc.oneof(twinRecord, otherRecord), { maxLength: 100 })
  .map((records) => encodeEvents(records.flat()));

describe('twinEvents of the dev chain', () => {
  const { table, registry } = open(devMetadata);

  test('finds what @polkadot/types finds', () => {
    fc.assert(
      fc.property(devEvents, (scale) => {
        expect(twinEvents(table, scale)).toEqual({ ok: true, value: decoded(registry, scale) });
      }),
    );
  });

  test('refuses bytes that are cut, too many or changed; never throws', () => {
    fc.assert(
      fc.property(devEvents, fc.nat(), fc.nat(255), (scale, at, to) => {
        expect(twinEvents(table, scale.subarray(0, at % scale.length)).ok).toBe(false);
        expect(twinEvents(table, new Uint8Array([...scale, to])).ok).toBe(false);
        const changed = scale.slice();
        changed[at % scale.length] = to;
        expect(typeof twinEvents(table, changed).ok).toBe('boolean');
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (garbage) => 'ok' in twinEvents(table, garbage)));
  });
});

describe.skipIf(!existsSync(LIVE))('twinEvents of the live network', () => {
  const live = () => open(new Uint8Array(readFileSync(LIVE)));

  test('finds what @polkadot/types finds among events of every kind', () => {
    const { table, registry, metadata } = live();
    const writer = new EventWriter(registry, metadata);
    const kinds = eventKinds(registry);
    expect(kinds.length).toBeGreaterThan(100);
    // @polkadot/types creates each event with zeros. The two events of twins have a twin each.
    for (const { pallet, event, blank } of kinds) {
      const record = new Uint8Array([0, 1, 0, 0, 0, pallet, event, ...blank, 0]);
      const twin = writer.twin(3, 'twinUpdated', { id: 77, account: `0x${'ab'.repeat(32)}`, ...EMPTY });
      const scale = encodeEvents([record, twin, record]);
      expect(twinEvents(table, scale)).toEqual({ ok: true, value: decoded(registry, scale) });
    }
  });

  test('never throws', () => {
    const { table } = live();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (garbage) => 'ok' in twinEvents(table, garbage)),
      {
        numRuns: 2000,
      },
    );
  });
});

const EMPTY = { relay: null, pk: null, entities: [] };

/** Returns every event of a runtime, with zeros as fields. */
function eventKinds(registry: TypeRegistry) {
  return registry.metadata.pallets.toArray().flatMap(({ index, events }) => {
    if (events.isNone) return [];
    const { def } = registry.lookup.getSiType(events.unwrap().type);
    return def.asVariant.variants.map((variant) => ({
      pallet: index.toNumber(),
      event: variant.index.toNumber(),
      blank: variant.fields.flatMap(({ type }) => [...registry.createType(registry.createLookupType(type)).toU8a()]),
    }));
  });
}

describe('tableOf', () => {
  test('refuses bytes that are no metadata, and does not throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => !tableOf(garbage).ok));
    const cut = fc.nat(devMetadata.length - 1);
    fc.assert(fc.property(cut, (length) => !tableOf(devMetadata.subarray(0, length)).ok));
  });
});

test('an invalid table of KV is not used', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseTable(text) === undefined));
});
