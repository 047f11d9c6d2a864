import { Metadata, TypeRegistry } from '@polkadot/types';
import { z } from 'zod';
import { EventWriter } from '../ledger/events.ts';
import { type StorageLayout, storageLayout } from './storage-layout.ts';

const versionSchema = z.object({
  specName: z.string(),
  implName: z.string(),
  authoringVersion: z.number(),
  specVersion: z.number(),
  implVersion: z.number(),
  transactionVersion: z.number(),
  stateVersion: z.number().default(0),
});
type RuntimeVersion = z.infer<typeof versionSchema>;

/** A runtime by its metadata: all indices, types and keys come from there, for any network. */
export interface Runtime {
  readonly registry: TypeRegistry;
  /** The unchanged metadata, which clients receive. */
  readonly metadata: `0x${string}`;
  readonly version: RuntimeVersion;
  readonly storage: StorageLayout;
  readonly events: EventWriter;
}

/** Returns the runtime of some metadata. Throws when it is invalid, or lacks twins, naming the missing part. */
export function readRuntime(hex: `0x${string}`): Runtime {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, hex);
  registry.setMetadata(metadata);
  return {
    registry,
    metadata: hex,
    version: versionOf(registry, metadata),
    storage: storageLayout(registry, metadata),
    events: new EventWriter(registry, metadata),
  };
}

function versionOf(registry: TypeRegistry, metadata: Metadata): RuntimeVersion {
  const system = metadata.asLatest.pallets.find(({ name }) => name.toString() === 'System');
  const constant = system?.constants.find(({ name }) => name.toString() === 'Version');
  if (constant === undefined) throw new Error('the metadata has no System.Version');
  const version = registry.createTypeUnsafe(registry.createLookupType(constant.type), [constant.value.toU8a(true)]);
  return versionSchema.parse(version.toJSON());
}
