import type { LedgerTwin, Outcome } from './ledger.ts';
import { ERRORS, EVENT, PALLET } from './metadata.ts';
import { compact, concat, u32 } from './scale.ts';
import { encodeTwin } from './storage.ts';

/** Weight of 0 and 0, class Normal, pays Yes. */
const DISPATCH_INFO = new Uint8Array([0, 0, 0, 0]);
const NO_TOPICS = new Uint8Array([0]);

/** Where an event happened: at an extrinsic, by its place in the block, or before all of them. */
export type Phase = number | 'initialization';

/** An event record: phase, pallet, variant, fields. */
function record(phase: Phase, pallet: number, event: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const at = phase === 'initialization' ? new Uint8Array([2]) : concat(new Uint8Array([0]), u32(phase));
  return concat(at, new Uint8Array([pallet, event]), ...fields, NO_TOPICS);
}

/** The events of one extrinsic at its place in a block. */
export function extrinsicEvents(place: number, outcome: Outcome): Uint8Array[] {
  if (!outcome.ok) {
    // DispatchError::Module: the pallet, and the error's index in four bytes.
    const error = new Uint8Array([3, PALLET.tfgrid, ERRORS.indexOf(outcome.error), 0, 0, 0]);
    return [record(place, PALLET.system, EVENT.failed, error, DISPATCH_INFO)];
  }
  const success = record(place, PALLET.system, EVENT.success, DISPATCH_INFO);
  return outcome.event === undefined ? [success] : [twinEvent(place, outcome.event.kind, outcome.event.twin), success];
}

/** TwinStored or TwinUpdated. */
export function twinEvent(phase: Phase, kind: 'twinStored' | 'twinUpdated', twin: LedgerTwin): Uint8Array {
  return record(phase, PALLET.tfgrid, EVENT[kind], encodeTwin(twin));
}

/** SCALE of `System.Events`. */
export function encodeEvents(records: readonly Uint8Array[]): Uint8Array {
  return concat(compact(records.length), ...records);
}
