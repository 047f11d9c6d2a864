import { Metadata, TypeRegistry } from '@polkadot/types';
import { FrameTypes } from './frame-types.ts';
import { field, type TypeDef, TypeTable, variant } from './type-table.ts';

/** Pallets, calls, events and errors stand at the indices of the live network: clients encode by them. */
export const PALLET = { system: 0, timestamp: 1, tfgrid: 25 } as const;
export const EVENT = { success: 0, failed: 1, twinStored: 11, twinUpdated: 12 } as const;
export const ERRORS = ['TwinExists', 'TwinNotExists', 'UserDidNotSignTermsAndConditions'] as const;
export type TwinError = (typeof ERRORS)[number];

const EXTENSIONS: readonly [string, (types: FrameTypes) => number, (types: FrameTypes) => number][] = [
  ['CheckNonZeroSender', unit, unit],
  ['CheckSpecVersion', unit, (types) => types.table.primitive('U32')],
  ['CheckTxVersion', unit, (types) => types.table.primitive('U32')],
  ['CheckGenesis', unit, (types) => types.hash],
  ['CheckMortality', (types) => types.era, (types) => types.hash],
  ['CheckNonce', (types) => types.table.compact(types.table.primitive('U32')), unit],
  ['CheckWeight', unit, unit],
  ['ChargeTransactionPayment', (types) => types.table.compact(types.table.primitive('U128')), unit],
];

function unit(types: FrameTypes): number {
  return types.table.tuple([]);
}

/** V14 metadata of the dev chain: what RMB programs need of tfchain, and no more. */
export function buildMetadata(): {
  readonly registry: TypeRegistry;
  readonly metadata: Metadata;
  readonly hex: `0x${string}`;
} {
  const builder = new TypeRegistry();
  const body = builder.createType('MetadataV14', describe()).toU8a();
  const hex: `0x${string}` = `0x6d6574610e${Buffer.from(body).toString('hex')}`;
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, hex);
  registry.setMetadata(metadata);
  return { registry, metadata, hex };
}

function describe() {
  const types = new FrameTypes(new TypeTable());
  const { table } = types;
  // Clients look it up although nothing here uses it.
  table.primitive('U16');
  const calls = callTypes(types);
  const events = eventTypes(types);
  const errors = table.variants('pallet_tfgrid::pallet::Error', () =>
    ERRORS.map((name, index) => variant(index, name)),
  );
  const outer = (path: string, inner: readonly [string, number, number][]) =>
    table.variants(path, () => inner.map(([name, index, type]) => variant(index, name, [field(null, type)])));
  const call = outer('tfchain_runtime::RuntimeCall', [
    ['System', PALLET.system, calls.system],
    ['TfgridModule', PALLET.tfgrid, calls.tfgrid],
  ]);
  const event = outer('tfchain_runtime::RuntimeEvent', [
    ['System', PALLET.system, events.system],
    ['TfgridModule', PALLET.tfgrid, events.tfgrid],
  ]);
  const pallets = [
    pallet('System', PALLET.system, systemStorage(types, event), calls.system, events.system, null),
    pallet(
      'Timestamp',
      PALLET.timestamp,
      [plain('Now', table.primitive('U64'), '0x0000000000000000')],
      null,
      null,
      null,
    ),
    pallet('TfgridModule', PALLET.tfgrid, twinStorage(types), calls.tfgrid, events.tfgrid, errors),
  ];
  const extrinsic = extrinsicType(types, call);
  const runtime = table.composite('tfchain_runtime::Runtime', () => []);
  const signedExtensions = EXTENSIONS.map(([identifier, type, extra]) => ({
    identifier,
    type: type(types),
    additionalSigned: extra(types),
  }));
  return {
    lookup: { types: table.list() },
    pallets,
    extrinsic: { type: extrinsic, version: 4, signedExtensions },
    type: runtime,
  };
}

function callTypes(types: FrameTypes): { system: number; tfgrid: number } {
  const { table, bytes } = types;
  const maybe = table.option(bytes);
  const profile = [field('relay', maybe), field('pk', maybe)];
  return {
    system: table.variants('frame_system::pallet::Call', () => [variant(0, 'remark', [field('remark', bytes)])]),
    tfgrid: table.variants('pallet_tfgrid::pallet::Call', () => [
      variant(17, 'create_twin', profile),
      variant(18, 'update_twin', profile),
      variant(25, 'user_accept_tc', [field('document_link', bytes), field('document_hash', bytes)]),
    ]),
  };
}

function eventTypes(types: FrameTypes): { system: number; tfgrid: number } {
  const { table } = types;
  const info = field('dispatch_info', types.dispatchInfo);
  return {
    system: table.variants('frame_system::pallet::Event', () => [
      variant(EVENT.success, 'ExtrinsicSuccess', [info]),
      variant(EVENT.failed, 'ExtrinsicFailed', [field('dispatch_error', types.dispatchError), info]),
    ]),
    tfgrid: table.variants('pallet_tfgrid::pallet::Event', () => [
      variant(EVENT.twinStored, 'TwinStored', [field(null, twinType(types))]),
      variant(EVENT.twinUpdated, 'TwinUpdated', [field(null, twinType(types))]),
    ]),
  };
}

function twinType(types: FrameTypes): number {
  const { table, bytes } = types;
  const entity = table.composite('pallet_tfgrid::types::EntityProof', () => [
    field('entity_id', table.primitive('U32')),
    field('signature', bytes),
  ]);
  return table.composite('pallet_tfgrid::types::Twin', () => [
    field('id', table.primitive('U32')),
    field('account_id', types.account),
    field('relay', table.option(bytes)),
    field('entities', table.sequence(entity)),
    field('pk', table.option(bytes)),
  ]);
}

function systemStorage(types: FrameTypes, event: number) {
  const { table } = types;
  const phase = table.variants('frame_system::Phase', () => [
    variant(0, 'ApplyExtrinsic', [field(null, table.primitive('U32'))]),
    variant(1, 'Finalization'),
    variant(2, 'Initialization'),
  ]);
  const topics = table.sequence(types.hash);
  // Without this path and these parameters clients show events as blank, and report no error.
  const record = table.put(
    'EventRecord',
    () => ({ Composite: { fields: [field('phase', phase), field('event', event), field('topics', topics)] } }),
    ['frame_system', 'EventRecord'],
    () => [
      { name: 'E', type: event },
      { name: 'T', type: types.hash },
    ],
  );
  return [
    map('Account', types.account, types.accountInfo, 'Default', `0x${'00'.repeat(80)}`),
    plain('Events', table.sequence(record), '0x00'),
  ];
}

function twinStorage(types: FrameTypes) {
  const id = types.table.primitive('U32');
  return [
    map('Twins', id, twinType(types), 'Optional', '0x00'),
    map('TwinIdByAccountID', types.account, id, 'Optional', '0x00'),
  ];
}

function extrinsicType(types: FrameTypes, call: number): number {
  const body: TypeDef = { Composite: { fields: [field(null, types.bytes)] } };
  const extra = types.table.tuple(EXTENSIONS.map(([, type]) => type(types)));
  return types.table.put(
    'UncheckedExtrinsic',
    () => body,
    ['sp_runtime', 'generic', 'unchecked_extrinsic', 'UncheckedExtrinsic'],
    () => [
      { name: 'Address', type: types.address },
      { name: 'Call', type: call },
      { name: 'Signature', type: types.signature },
      { name: 'Extra', type: extra },
    ],
  );
}

function pallet(
  name: string,
  index: number,
  items: readonly object[],
  calls: number | null,
  events: number | null,
  errors: number | null,
) {
  const of = (type: number | null) => (type === null ? null : { type });
  const storage = { prefix: name, items };
  return { name, index, storage, calls: of(calls), events: of(events), errors: of(errors), constants: [] };
}

function plain(name: string, type: number, fallback: string) {
  return { name, modifier: 'Default', type: { Plain: type }, fallback, docs: [] };
}

function map(name: string, key: number, value: number, modifier: 'Default' | 'Optional', fallback: string) {
  return { name, modifier, type: { Map: { hashers: ['Blake2_128Concat'], key, value } }, fallback, docs: [] };
}
