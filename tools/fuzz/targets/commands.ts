import { readCommands, writeCommands } from '../../../client/discovery/command-list.ts';
import { readRegistration } from '../../../local-peer/redis/registered-commands.ts';
import { mutate } from '../input/mutate.ts';
import { almostObject, oddJson } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

const COMMAND = [
  ['ver', '1'],
  ['name', '"my.count"'],
  ['summary', '"counts up"'],
  ['in', '{"type":"number"}'],
  ['out', 'true'],
  ['stream', 'true'],
] as const;
const MOST_BYTES = 65_536;

/** Lists of commands, of a twin and in Redis: what is read can be written within the bounds, and is the same then. */
export const commands: Target = {
  name: 'commands',
  make: (random) => new TextEncoder().encode(listText(random)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString();
    readRegistration(text);
    const list = readCommands(parsed(text));
    if (list === undefined) return;
    const written = writeCommands(list.commands);
    promise(written.length <= MOST_BYTES, 'an answer of more bytes than an answer may have');
    const again = readCommands(parsed(Buffer.from(written).toString()));
    promise(again !== undefined && again.commands.length <= list.commands.length, 'an answer that cannot be read');
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listText(random: Random): string {
  const command = random.once(10) ? oddJson(random) : almostObject(random, COMMAND);
  if (random.once(3)) return command;
  const text = `{"ver":1,"commands":[${command},${almostObject(random, COMMAND)}],"more":false}`;
  return random.once(2) ? text : Buffer.from(mutate(random, [Buffer.from(text)])).toString();
}
