import { TypeRegistry } from '@polkadot/types';
import { map, pallet, plain } from '../ledger/pallet.ts';
import { tfgridPallet } from '../ledger/tfgrid-pallet.ts';
import { FrameTypes } from './frame-types.ts';
import { concat, toHex, u32, vector } from './scale.ts';
import { field, type TypeDef, TypeTable, variant } from './type-table.ts';

/** Pallets have the indices of the live network, because some clients hard-code them. */
const PALLET = { system: 0, timestamp: 1, tfgrid: 25 } as const;
const NAME = 'substrate-threefold';
const VERSION = { spec: 150, transaction: 2 } as const;

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

/** Returns the V14 metadata of the dev chain in hex: the part of tfchain that RMB programs need. */
export function buildMetadata(): `0x${string}` {
  const body = new TypeRegistry().createType('MetadataV14', describe()).toU8a();
  return `0x6d6574610e${Buffer.from(body).toString('hex')}`;
}

function describe() {
  const types = new FrameTypes(new TypeTable());
  const { table } = types;
  // Clients look this type up, although nothing here uses it.
  table.primitive('U16');
  const tfgrid = tfgridPallet(types, PALLET.tfgrid);
  const systemCalls = table.variants('frame_system::pallet::Call', () => [
    variant(0, 'remark', [field('remark', types.bytes)]),
  ]);
  const systemEvents = systemEventType(types);
  const outer = (path: string, inner: readonly [string, number, number][]) =>
    table.variants(path, () => inner.map(([name, index, type]) => variant(index, name, [field(null, type)])));
  const call = outer('tfchain_runtime::RuntimeCall', [
    ['System', PALLET.system, systemCalls],
    ['TfgridModule', PALLET.tfgrid, tfgrid.callType],
  ]);
  const event = outer('tfchain_runtime::RuntimeEvent', [
    ['System', PALLET.system, systemEvents],
    ['TfgridModule', PALLET.tfgrid, tfgrid.eventType],
  ]);
  const system = pallet('System', PALLET.system, systemStorage(types, event), {
    calls: systemCalls,
    events: systemEvents,
    constants: [{ name: 'Version', type: versionType(types), value: toHex(runtimeVersion()), docs: [] }],
  });
  const now = plain('Now', table.primitive('U64'), '0x0000000000000000');
  const extrinsic = extrinsicType(types, call);
  const signedExtensions = EXTENSIONS.map(([identifier, type, extra]) => ({
    identifier,
    type: type(types),
    additionalSigned: extra(types),
  }));
  const runtime = table.composite('tfchain_runtime::Runtime', () => []);
  return {
    lookup: { types: table.list() },
    pallets: [system, pallet('Timestamp', PALLET.timestamp, [now]), tfgrid.pallet],
    extrinsic: { type: extrinsic, version: 4, signedExtensions },
    type: runtime,
  };
}

function systemEventType(types: FrameTypes): number {
  const info = field('dispatch_info', types.dispatchInfo);
  return types.table.variants('frame_system::pallet::Event', () => [
    variant(0, 'ExtrinsicSuccess', [info]),
    variant(1, 'ExtrinsicFailed', [field('dispatch_error', types.dispatchError), info]),
  ]);
}

/** The runtime's version as a constant, where clients and this chain read it. */
function versionType({ table }: FrameTypes): number {
  const [text, u32, u8] = [table.primitive('Str'), table.primitive('U32'), table.primitive('U8')];
  return table.composite('sp_version::RuntimeVersion', () => [
    field('spec_name', text),
    field('impl_name', text),
    field('authoring_version', u32),
    field('spec_version', u32),
    field('impl_version', u32),
    field('apis', table.sequence(table.tuple([table.array(8), u32]))),
    field('transaction_version', u32),
    field('state_version', u8),
  ]);
}

function runtimeVersion(): Uint8Array {
  const name = vector(new TextEncoder().encode(NAME));
  const noApis = vector(new Uint8Array());
  const stateVersion = new Uint8Array([0]);
  return concat(name, name, u32(1), u32(VERSION.spec), u32(0), noApis, u32(VERSION.transaction), stateVersion);
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
    map('Account', types.account, types.accountInfo, 'Default', `0x${'00'.repeat(79)}80`),
    plain('Events', table.sequence(record), '0x00'),
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
