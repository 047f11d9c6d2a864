import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

/** The only schema that Go services accept: their router drops other requests without a reply. */
export const JSON_SCHEMA = 'application/json';

const MAX_LENGTH = 128;
/** Printable ASCII. Peers refuse quotes, braces, brackets and angle brackets in a schema. */
const SCHEMA = /^[\x20-\x7e]+$/;
const REFUSED = /["'{}[\]<>]/;

/** Adds `--schema`. */
export function addSchemaFlag(command: Command): Command {
  const what = 'the schema of the payload; none omits it. Nodes of the grid reply only to application/json';
  return command.option('--schema <text>', what, checked, JSON_SCHEMA);
}

/** Value of `--schema`; undefined for `none`. */
export const schemaOption = z.string().transform((text) => (text === 'none' ? undefined : text));

/** Returns the payload of a request that has no argument: `null` in JSON, as Go clients send it, else no bytes. */
export function noArgument(schema: string | undefined): Uint8Array {
  return Buffer.from(schema === JSON_SCHEMA ? 'null' : '');
}

function checked(text: string): string {
  if (text.length > MAX_LENGTH || !SCHEMA.test(text) || REFUSED.test(text)) {
    const allowed = `1 to ${MAX_LENGTH} printable ASCII characters without quotes, braces, brackets or angle brackets`;
    throw new InvalidArgumentError(`It must be ${allowed}.`);
  }
  return text;
}
