import type { FrameTypes } from '../metadata/frame-types.ts';
import { field, variant } from '../metadata/type-table.ts';
import { map, pallet, plain } from './pallet.ts';

/**
 * The pallet of twins. Its calls, events and errors have the live network's indices, because some clients hard-code
 * them. Its types have that network's shapes and bounds, because other clients refuse any other shape.
 */
export function tfgridPallet(types: FrameTypes, index: number) {
  const callType = calls(types);
  const eventType = events(types);
  const errors = types.table.variants('pallet_tfgrid::pallet::Error', () => [
    variant(27, 'TwinNotExists'),
    variant(28, 'TwinWithPubkeyExists'),
    variant(39, 'UserDidNotSignTermsAndConditions'),
  ]);
  const parts = { calls: callType, events: eventType, errors };
  return { callType, eventType, pallet: pallet('TfgridModule', index, storage(types), parts) };
}

function relayAndPk(types: FrameTypes) {
  const maybe = (use: string) => types.table.option(types.boundedBytes(use));
  return { relay: field('relay', maybe('relay')), pk: field('pk', maybe('pk')) };
}

function document(types: FrameTypes) {
  return ['document_link', 'document_hash'].map((name) => field(name, types.boundedBytes(name)));
}

function calls(types: FrameTypes): number {
  const { table } = types;
  const { relay, pk } = relayAndPk(types);
  return table.variants('pallet_tfgrid::pallet::Call', () => [
    variant(17, 'create_twin', [relay, pk]),
    variant(18, 'update_twin', [relay, pk]),
    variant(25, 'user_accept_tc', document(types)),
  ]);
}

function events(types: FrameTypes): number {
  return types.table.variants('pallet_tfgrid::pallet::Event', () => [
    variant(11, 'TwinStored', [field(null, twinType(types))]),
    variant(12, 'TwinUpdated', [field(null, twinType(types))]),
  ]);
}

function twinType(types: FrameTypes): number {
  const { table, bytes } = types;
  const { relay, pk } = relayAndPk(types);
  const entity = table.composite('pallet_tfgrid::types::EntityProof', () => [
    field('entity_id', table.primitive('U32')),
    field('signature', bytes),
  ]);
  return table.composite('pallet_tfgrid::types::Twin', () => [
    field('id', table.primitive('U32')),
    field('account_id', types.account),
    relay,
    field('entities', table.sequence(entity)),
    pk,
  ]);
}

function termsType(types: FrameTypes): number {
  const { table } = types;
  return table.composite('pallet_tfgrid::terms_cond::TermsAndConditions', () => [
    field('account_id', types.account),
    field('timestamp', table.primitive('U64')),
    ...document(types),
  ]);
}

function storage(types: FrameTypes) {
  const { table } = types;
  const id = table.primitive('U32');
  return [
    map('Twins', id, twinType(types), 'Optional', '0x00'),
    plain('TwinID', id, '0x00000000'),
    map('TwinIdByAccountID', types.account, id, 'Optional', '0x00'),
    map('UsersTermsAndConditions', types.account, table.sequence(termsType(types)), 'Optional', '0x00'),
  ];
}
