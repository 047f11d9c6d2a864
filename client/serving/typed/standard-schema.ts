/** Returns a schema's JSON Schema, of what it takes and of what it makes of that. Throws where JSON Schema has no form. */
export interface JsonSchemaOf {
  readonly input: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>;
  readonly output: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>;
}

/**
 * The interface of Standard Schema, version 1 (standardschema.dev): libraries of schemas have it, so that none of them
 * is needed here. `Output` is what a valid value becomes, which may differ from what came in.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    /** Libraries that implement Standard JSON Schema, too, tell their schemas to `rmb.commands`. */
    readonly jsonSchema?: JsonSchemaOf | undefined;
    /** Exists in types only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** A value that is valid, or what is wrong with it. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One fault of a value. */
export interface SchemaIssue {
  readonly message: string;
  /** Keys that lead to the faulty part. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Returns the place of a fault in a value, `user.names.0`; empty for the value itself. */
export function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
