import { isJson, JSON_SCHEMA, jsonBytes, parsedJson } from '../../asking/payload.ts';
import { faultError, RmbError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ValueHandler } from '../../public.ts';
import type { ServiceRequest } from '../durable.ts';
import type { RunHandler, SingleOutcome } from '../outcome.ts';
import type { StreamReply } from '../reply-stream.ts';
import { isSeveral, mapEach } from '../several.ts';
import { pathOf, type SchemaIssue, type StandardSchema } from './standard-schema.ts';

/** Faults of a request that its error reply names. */
const MOST_ISSUES = 3;
/** A longer text of a schema is cut, characters. */
const MAX_TEXT = 300;
/** Says nothing of the value, which may hold what the caller must not see. */
const BAD_OUTPUT = 'the service made a response that its own schema refuses: its operator finds the reason in its log';

/** Returns a function that serves requests with a handler of values: it checks both sides, and never rejects. */
export function typedHandler(
  schemas: { readonly in?: StandardSchema; readonly out?: StandardSchema },
  handler: ValueHandler<unknown, unknown>,
  log: Log,
): RunHandler {
  return async (request, context) => {
    try {
      const input = await inputOf(schemas.in, request);
      if ('fault' in input) return { kind: 'error', ...faultError({ reason: 'payload', detail: input.fault }) };
      const output = await handler(input.value, request, context);
      const refused = (why: string) =>
        log.warn({ uid: request.uid, command: request.command, why }, 'refused the response of a handler');
      if (!isSeveral(output)) return await responseOf(schemas.out, output, refused);
      return { kind: 'stream', replies: mapEach(output, (each) => partOf(schemas.out, each, refused)) };
    } catch (error) {
      return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  };
}

async function inputOf(
  schema: StandardSchema | undefined,
  { data, schema: type }: ServiceRequest,
): Promise<{ readonly value: unknown } | { readonly fault: string }> {
  if (type !== null && type !== '' && !isJson(type)) return { fault: `expected JSON, not ${shortened(type)}` };
  let value: unknown;
  try {
    value = parsedJson(data);
  } catch {
    return { fault: 'it is no JSON' };
  }
  if (schema === undefined) return { value };
  const validated = await schema['~standard'].validate(value);
  return validated.issues === undefined ? { value: validated.value } : { fault: textOf(validated.issues) };
}

async function responseOf(
  schema: StandardSchema | undefined,
  output: unknown,
  refused: (why: string) => void,
): Promise<SingleOutcome> {
  const refuse = (why: string): SingleOutcome => {
    refused(why);
    return { kind: 'error', message: BAD_OUTPUT };
  };
  try {
    const validated = await schema?.['~standard'].validate(output);
    // The place alone: the text of an issue may quote the value.
    if (validated?.issues !== undefined) return refuse(`at ${validated.issues.map(pathOf).join(', ')}`);
    const data = jsonBytes(validated === undefined ? output : validated.value);
    return { kind: 'response', data, schema: JSON_SCHEMA };
  } catch (error) {
    return refuse(error instanceof RmbError ? error.message : 'its schema failed');
  }
}

/** Returns one of several replies. Throws when its schema refuses it: the stream ends there. */
async function partOf(
  schema: StandardSchema | undefined,
  output: unknown,
  refused: (why: string) => void,
): Promise<StreamReply> {
  const outcome = await responseOf(schema, output, refused);
  if (outcome.kind === 'error') throw new Error(outcome.message);
  return outcome;
}

/** Returns the faults of a request's value, each with its place. */
function textOf(issues: readonly SchemaIssue[]): string {
  const texts = issues.slice(0, MOST_ISSUES).map((issue) => {
    const path = pathOf(issue);
    return shortened(path === '' ? issue.message : `at ${path}: ${issue.message}`);
  });
  const others = issues.length - texts.length;
  return `${texts.join('; ')}${others > 0 ? `; and ${others} more` : ''}`;
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
