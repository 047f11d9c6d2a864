import { z } from 'zod';

/** The manifest of a kept release, beside its bundle. */
export const MANIFEST = 'release.json';

const names = z.record(z.string(), z.string());

/** Format 1. A reader of a later format keeps reading this one, because a kept release is never written again. */
export const manifestSchema = z.object({
  format: z.literal(1),
  /** As in package.json: three numbers. */
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** The commit whose bundle this is. */
  commit: z.string(),
  keptAt: z.iso.datetime(),
  /** The script first. Hashes are in hex. */
  files: z.array(z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string() })).nonempty(),
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  bindings: z.object({
    vars: names,
    /** Class names, by binding. All have SQLite. */
    durableObjects: names,
    kvNamespaces: z.array(z.string()),
    rateLimits: z.array(z.string()),
    versionMetadata: z.string().optional(),
  }),
});

export type Manifest = z.infer<typeof manifestSchema>;

const binding = z.object({ name: z.string(), class_name: z.string() });

/** The parts of wrangler.toml that a Worker needs to run, as wrangler reads them. */
const configSchema = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: names,
  durable_objects: z.object({ bindings: z.array(binding) }),
  kv_namespaces: z.array(z.object({ binding: z.string() })),
  ratelimits: z.array(z.object({ name: z.string() })),
  version_metadata: z.object({ binding: z.string() }).optional(),
});

/** Returns the parts of a manifest that wrangler.toml has. @param config of `unstable_readConfig` */
export function workerOf(config: unknown): Pick<Manifest, 'compatibilityDate' | 'compatibilityFlags' | 'bindings'> {
  const read = configSchema.parse(config);
  return {
    compatibilityDate: read.compatibility_date,
    compatibilityFlags: read.compatibility_flags,
    bindings: {
      vars: read.vars,
      durableObjects: Object.fromEntries(
        read.durable_objects.bindings.map(({ name, class_name }) => [name, class_name]),
      ),
      kvNamespaces: read.kv_namespaces.map((each) => each.binding),
      rateLimits: read.ratelimits.map(({ name }) => name),
      ...(read.version_metadata && { versionMetadata: read.version_metadata.binding }),
    },
  };
}
