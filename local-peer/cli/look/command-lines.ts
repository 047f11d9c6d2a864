import type { CommandList, JsonSchema } from '../../../client/discovery/command-list.ts';
import { plain, plainJson } from '../plain.ts';

/** Names are aligned up to this width, characters. */
const MAX_WIDTH = 32;
/** A longer schema is cut; JSON has it whole. */
const MAX_SCHEMA = 200;

/** Returns a list of commands for people: a line for each command, and one for each schema that the list has. */
export function commandLines({ commands, more }: CommandList, twin: string): string[] {
  if (commands.length === 0) return [`twin ${twin} lists no command that this twin may call`];
  const names = commands.map(({ name }) => plain(name));
  const width = Math.min(MAX_WIDTH, Math.max(...names.map((name) => name.length)));
  const lines = commands.flatMap((command, n) => [
    `${(names[n] ?? '').padEnd(width)}  ${command.stream === true ? 'stream' : '      '}  ${plain(command.summary ?? '')}`.trimEnd(),
    ...schemaLine('in', command.in),
    ...schemaLine('out', command.out),
  ]);
  return more ? [...lines, `twin ${twin} serves more than it lists`] : lines;
}

function schemaLine(side: string, schema: JsonSchema | undefined): string[] {
  if (schema === undefined || schema === true) return [];
  const text = plainJson(schema);
  return [`  ${side.padEnd(3)} ${text.length <= MAX_SCHEMA ? text : `${text.slice(0, MAX_SCHEMA - 1)}…`}`];
}
