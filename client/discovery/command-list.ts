/** A JSON Schema; true for a schema that is not told: then values are checked, and the list does not say how. */
export type JsonSchema = true | { readonly [key: string]: unknown };

/** A command that a twin serves. A stranger chose its texts. */
export interface ListedCommand {
  readonly name: string;
  /** One line for people. */
  readonly summary?: string;
  /** Of the request's value. */
  readonly in?: JsonSchema;
  /** Of the response's value; in a stream of each. */
  readonly out?: JsonSchema;
  /** Whether it replies several times to a caller that asks for a stream. */
  readonly stream?: true;
}

/** What the list tells of a command besides its name. */
export type About = Omit<ListedCommand, 'name'>;

/** The commands that a twin serves, by name. */
export interface CommandList {
  readonly commands: readonly ListedCommand[];
  /** Whether the twin serves more than it lists. */
  readonly more: boolean;
}

/** Version of the form, of an answer and of a registration in Redis: a reader refuses others. */
export const LIST_VERSION = 1;
/** Commands in one answer. */
const MOST_COMMANDS = 256;
/** Bytes of one answer: a small question of a stranger must not use up what this twin may send. */
const MOST_BYTES = 64 * 1024;
/** As long as a command may be, characters. */
const MAX_NAME = 256;
/** A longer summary is cut, characters. */
const MAX_SUMMARY = 200;
/** A longer schema is not told, characters of its JSON. */
const MAX_SCHEMA = 4_096;
const encoder = new TextEncoder();

/**
 * Returns the answer to `rmb.commands`, bytes of JSON. Of commands with one name it lists the first. A schema for which
 * there is no room is not told; then commands are left out.
 */
export function writeCommands(all: Iterable<ListedCommand>): Uint8Array {
  const byName = new Map<string, ListedCommand>();
  for (const each of all) if (!byName.has(each.name)) byName.set(each.name, each);
  const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const texts: string[] = [];
  // The form around the commands has less than 100 bytes.
  let left = MOST_BYTES - 100;
  for (const command of sorted.slice(0, MOST_COMMANDS)) {
    const text = JSON.stringify(withoutSchemas(command));
    left -= bytesIn(text) + 1;
    if (left < 0) break;
    texts.push(text);
  }
  for (const [n, text] of texts.entries()) {
    const told = JSON.stringify(sorted[n]);
    const more = bytesIn(told) - bytesIn(text);
    if (more > left) continue;
    texts[n] = told;
    left -= more;
  }
  const more = texts.length < sorted.length;
  return encoder.encode(`{"ver":${LIST_VERSION},"commands":[${texts.join(',')}],"more":${more}}`);
}

/** Reads an answer to `rmb.commands`; undefined for any other value. Drops what is no command. */
export function readCommands(answer: unknown): CommandList | undefined {
  if (!isRecord(answer) || answer.ver !== LIST_VERSION || !Array.isArray(answer.commands)) return undefined;
  const commands = answer.commands.slice(0, MOST_COMMANDS).map(readCommand);
  return {
    commands: commands.filter((each) => each !== undefined),
    more: answer.more === true || answer.commands.length > MOST_COMMANDS,
  };
}

/** Reads one command, of an answer or of a registration; undefined without a valid name. Ignores invalid fields. */
export function readCommand(value: unknown): ListedCommand | undefined {
  if (!isRecord(value)) return undefined;
  const { name, stream } = value;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) return undefined;
  const [summary, input, output] = [readSummary(value.summary), readSchema(value.in), readSchema(value.out)];
  return {
    name,
    ...(summary === undefined ? {} : { summary }),
    ...(input === undefined ? {} : { in: input }),
    ...(output === undefined ? {} : { out: output }),
    ...(stream === true ? { stream } : {}),
  };
}

function readSummary(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length <= MAX_SUMMARY ? value : `${value.slice(0, MAX_SUMMARY - 1)}…`;
}

function readSchema(value: unknown): JsonSchema | undefined {
  if (value === true) return true;
  if (!isRecord(value)) return undefined;
  try {
    return JSON.stringify(value).length <= MAX_SCHEMA ? value : true;
  } catch {
    // It is nested too deep, or holds itself.
    return true;
  }
}

function withoutSchemas(command: ListedCommand): ListedCommand {
  const { in: input, out } = command;
  const told = {
    ...(input === undefined ? {} : { in: true as const }),
    ...(out === undefined ? {} : { out: true as const }),
  };
  return { ...command, ...told };
}

function bytesIn(text: string): number {
  return encoder.encode(text).length;
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
