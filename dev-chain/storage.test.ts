import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encodeEvents, extrinsicEvents, twinEvent } from './events.ts';
import { buildMetadata, PALLET } from './metadata.ts';
import { toHex } from './scale.ts';
import { encodeTwin, State, storageKeys } from './storage.ts';

const twinSchema = z.object({
  id: z.number(),
  account: z.string(),
  relay: z.string().nullable(),
  pk: z.string().nullable(),
  entities: z.array(z.object({ entityId: z.number(), signature: z.string() })),
});
const vectors = z
  .object({
    storageKeys: z.object({
      twins: z.array(z.object({ id: z.number(), key: z.string() })),
      twinIdByAccountID: z.array(z.object({ account: z.string(), key: z.string() })),
      systemEvents: z.string(),
    }),
    twins: z.array(z.object({ twin: twinSchema, scale: z.string() })),
    calls: z.record(z.string(), z.tuple([z.number(), z.number()])),
  })
  .parse(JSON.parse(readFileSync(new URL('../test/vectors/chain.json', import.meta.url), 'utf8')));

const { registry, metadata } = buildMetadata();
const bytes = (hex: string) => Buffer.from(hex, 'hex');

const ledgerTwin = ({ id, account, relay, pk, entities }: z.infer<typeof twinSchema>) => ({
  id,
  account: `0x${account}`,
  relay: relay === null ? null : Buffer.from(relay),
  pk: pk === null ? null : bytes(pk),
  entities: entities.map(({ entityId, signature }) => ({ id: entityId, signature: bytes(signature) })),
});

describe('the storage', () => {
  it('lies where the live chain’s lies', () => {
    const keys = storageKeys(registry, metadata);
    for (const { id, key } of vectors.storageKeys.twins) expect(keys.twin(id)).toBe(key);
    for (const { account, key } of vectors.storageKeys.twinIdByAccountID) expect(keys.twinId(`0x${account}`)).toBe(key);
    expect(keys.events).toBe(vectors.storageKeys.systemEvents);
  });

  it.each(vectors.twins)('writes twin $twin.id as the live chain does', ({ twin, scale }) => {
    expect(toHex(encodeTwin(ledgerTwin(twin)))).toBe(scale);
  });

  it('remembers an older state as it was', () => {
    const old = new State().with([['a', new Uint8Array([1])]]);
    const next = old.with([
      ['a', new Uint8Array([2])],
      ['b', new Uint8Array([3])],
    ]);
    expect([old.get('a'), old.get('b'), next.get('a'), next.get('b')]).toEqual(['0x01', null, '0x02', '0x03']);
    expect([...next.with([['a', new Uint8Array([2])]]).changed]).toEqual([]);
  });
});

describe('a state', () => {
  it('is, after any writes, what a plain map would be, and its elders stay as they were', () => {
    // Few keys, so that they are written again and removed; many, so that states part from their base.
    const key = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.nat(900).map(String));
    const value = fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 }), { nil: null });
    const blocks = fc.array(fc.array(fc.tuple(key, value), { maxLength: 150 }), { maxLength: 8 });
    fc.assert(
      fc.property(blocks, (writes) => {
        const model = new Map<string, string>();
        const seen: [State, Map<string, string>][] = [];
        let state = new State();
        for (const block of writes) {
          state = state.with(block);
          for (const [name, bytes] of block) {
            if (bytes === null) model.delete(name);
            else model.set(name, toHex(bytes));
          }
          seen.push([state, new Map(model)]);
        }
        const names = new Set(writes.flat().map(([name]) => name));
        for (const [found, expected] of seen) {
          for (const name of names) expect(found.get(name)).toBe(expected.get(name) ?? null);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the metadata', () => {
  it('has the calls at the live chain’s indices', () => {
    for (const [name, [pallet, index]] of Object.entries(vectors.calls)) {
      const found = registry.findMetaCall(new Uint8Array([pallet, index]));
      expect([found.section, found.method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]).toEqual([
        'tfgridModule',
        name,
      ]);
    }
  });
});

describe('events', () => {
  it('are read by a client as they were meant', () => {
    const [twin] = vectors.twins;
    if (twin === undefined) throw new Error('no vector');
    const stored = twinEvent(0, 'twinStored', ledgerTwin(twin.twin));
    const records = [
      stored,
      ...extrinsicEvents(1, { ok: true }),
      ...extrinsicEvents(2, { ok: false, error: 'TwinNotExists' }),
    ];
    const read = registry.createType('Vec<EventRecord>', encodeEvents(records));
    const names = z.array(z.object({ event: z.object({ index: z.string() }) })).parse(read.toJSON());
    expect(names.map(({ event }) => event.index)).toEqual(['0x190b', '0x0000', '0x0001']);
    expect(read.toU8a().length).toBe(encodeEvents(records).length);
    expect(JSON.stringify(read.toJSON())).toContain(`{"index":${PALLET.tfgrid},"error":"0x01000000"}`);
  });
});
