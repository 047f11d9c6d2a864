import type { ServiceAbout } from '../public.ts';
import type { JsonSchemaOf, StandardSchema } from '../serving/typed/standard-schema.ts';
import { type About, type JsonSchema, readCommand } from './command-list.ts';

/** The draft in which schemas are told, as Standard Schema names it. */
const TARGET = 'draft-2020-12';

/** What a service is declared with. */
export interface Declared extends ServiceAbout {
  readonly in?: StandardSchema | undefined;
  readonly out?: StandardSchema | undefined;
}

/** Returns what `rmb.commands` tells of a service. @param handler an async generator function has several replies */
export function aboutOf({ summary, stream, in: input, out }: Declared, handler: object): About {
  const told = {
    summary,
    in: input && jsonSchemaOf(input, 'input'),
    out: out && jsonSchemaOf(out, 'output'),
    stream: stream ?? Object.prototype.toString.call(handler) === '[object AsyncGeneratorFunction]',
  };
  const { name: _, ...about } = readCommand({ ...told, name: 'any' }) ?? { name: '' };
  return about;
}

/** Returns a schema as JSON; true where its library tells none. */
function jsonSchemaOf(schema: StandardSchema, side: keyof JsonSchemaOf): JsonSchema {
  try {
    const { $schema: _, ...told } = schema['~standard'].jsonSchema?.[side]({ target: TARGET }) ?? {};
    return Object.keys(told).length === 0 ? true : told;
  } catch {
    // Some schemas have no form in JSON: dates, or functions that transform.
    return true;
  }
}
