import { Metadata, TypeRegistry } from '@polkadot/types';
import { z } from 'zod';
import { EventWriter } from './events.ts';
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

/** A runtime as its metadata tells of it: all indices, types and keys come from there, whichever network it is of. */
export interface Runtime {
  readonly registry: TypeRegistry;
  /** The metadata as it stands, which clients are served. */
  readonly metadata: `0x${string}`;
  readonly version: RuntimeVersion;
  readonly storage: StorageLayout;
  readonly events: EventWriter;
}

/** @throws when it is no metadata, or of a chain without twins, naming what it lacks */
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
