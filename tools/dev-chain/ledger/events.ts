import type { Metadata, TypeRegistry } from '@polkadot/types';
import { compact, concat, u32 } from '../metadata/scale.ts';
import { twinValue } from '../metadata/values.ts';
import type { LedgerTwin, Outcome, TwinError } from './ledger.ts';

const NO_TOPICS = new Uint8Array([0]);

/** The phase of an event: an extrinsic, by its place in the block, or before all of them. */
export type Phase = number | 'initialization';

/** A variant of a pallet's events or errors. */
interface Place {
  readonly pallet: number;
  readonly index: number;
  /** The types of its fields, by the registry's names. */
  readonly fields: readonly string[];
}

/** Encodes event records by the indices and types of a chain's metadata. */
export class EventWriter {
  readonly #registry: TypeRegistry;
  readonly #metadata: Metadata;
  readonly #success: Place;
  readonly #failed: Place;
  readonly #twin: Record<'twinStored' | 'twinUpdated', Place>;
  readonly #errors: Record<TwinError, Place>;

  constructor(registry: TypeRegistry, metadata: Metadata) {
    this.#registry = registry;
    this.#metadata = metadata;
    this.#success = this.#place('System', 'events', 'ExtrinsicSuccess');
    this.#failed = this.#place('System', 'events', 'ExtrinsicFailed');
    const event = (name: string) => this.#place('TfgridModule', 'events', name);
    const error = (name: TwinError) => this.#place('TfgridModule', 'errors', name);
    this.#twin = { twinStored: event('TwinStored'), twinUpdated: event('TwinUpdated') };
    this.#errors = {
      TwinNotExists: error('TwinNotExists'),
      TwinWithPubkeyExists: error('TwinWithPubkeyExists'),
      UserDidNotSignTermsAndConditions: error('UserDidNotSignTermsAndConditions'),
    };
  }

  /** Returns the events of one extrinsic at its place in a block. */
  extrinsic(place: number, outcome: Outcome): Uint8Array[] {
    if (!outcome.ok) {
      const { pallet, index } = this.#errors[outcome.error];
      const error = { Module: { index: pallet, error: new Uint8Array([index, 0, 0, 0]) } };
      return [this.#record(place, this.#failed, error)];
    }
    const success = this.#record(place, this.#success);
    return outcome.event === undefined
      ? [success]
      : [this.twin(place, outcome.event.kind, outcome.event.twin), success];
  }

  /** Returns a TwinStored or TwinUpdated event. */
  twin(phase: Phase, kind: 'twinStored' | 'twinUpdated', twin: LedgerTwin): Uint8Array {
    return this.#record(phase, this.#twin[kind], twinValue(twin));
  }

  /** Returns an event record: phase, pallet, variant, fields. An absent field is its type's default: no weight, class Normal. */
  #record(phase: Phase, { pallet, index, fields }: Place, ...values: readonly object[]): Uint8Array {
    const at = phase === 'initialization' ? new Uint8Array([2]) : concat(new Uint8Array([0]), u32(phase));
    const written = fields.map((type, place) => this.#registry.createTypeUnsafe(type, [values[place]]).toU8a());
    return concat(at, new Uint8Array([pallet, index]), ...written, NO_TOPICS);
  }

  #place(pallet: string, kind: 'events' | 'errors', name: string): Place {
    const found = this.#metadata.asLatest.pallets.find((each) => each.name.toString() === pallet);
    const type = found?.[kind].unwrapOr(undefined)?.type;
    const variants = type === undefined ? [] : this.#registry.lookup.getSiType(type).def.asVariant.variants;
    const variant = variants.find((each) => each.name.toString() === name);
    if (found === undefined || variant === undefined)
      throw new Error(`the metadata has no ${pallet}.${name} (${kind})`);
    return {
      pallet: found.index.toNumber(),
      index: variant.index.toNumber(),
      fields: variant.fields.map((field) => this.#registry.createLookupType(field.type)),
    };
  }
}

/** Returns the SCALE encoding of `System.Events`. */
export function encodeEvents(records: readonly Uint8Array[]): Uint8Array {
  return concat(compact(records.length), ...records);
}
