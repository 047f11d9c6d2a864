import { type RunCommand, readCommandLine } from '../../../local-peer/config/command-line.ts';
import { gather, type ReadFile, settle } from '../../../local-peer/config/config.ts';
import { UsageError } from '../../../local-peer/config/layers.ts';
import { printConfig } from '../../../local-peer/config/print.ts';
import { SETTINGS, variableOf } from '../../../local-peer/config/table.ts';
import { mutate } from '../input/mutate.ts';
import { oddNumber, oddText } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

/** The secret in every place where one may be; no message may show it. */
const SECRET = 'Zyzzyva9Quokka7';
const TOML = `# a peer
mnemonic = "0x${'07'.repeat(32)}"
redis = "redis://user:${SECRET}@localhost:6379/1"
substrate = ["wss://node.example/${SECRET}"]
relay = ["wss://relay.example", 'ws://localhost:8787']
key-type = "ed25519"
status = "127.0.0.1:9464"
no-update = true
debug = 2
`;
const VALUES = [
  SECRET,
  `0x${'07'.repeat(32)}`,
  `redis://:${SECRET}@localhost:6379`,
  `wss://relay.example/${SECRET}`,
  'wss://a,wss://a:443/',
  'redis://localhost:6379/%',
  'ws://[::1]:9',
  '9464',
  '[::1]:99999',
  'true',
  '2',
];
const NO_FLAGS = readCommandLine([]);
const NUL = '\u0000';

/**
 * Settings by flags, environment and a TOML file: they are read, or refused by a UsageError that shows no secret.
 * The input is the source (f, e or t), then flags or NAME=VALUE separated by NUL, or the file.
 */
export const configuration: Target = {
  name: 'configuration',
  make: (random) => new TextEncoder().encode(`${sourceText(random)}`),
  run: async (bytes) => {
    const text = Buffer.from(bytes).toString();
    try {
      await read(text[0] ?? '', text.slice(1));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      promise(!error.message.includes(SECRET), `a message that shows a secret: ${error.message}`);
      promise(error.message.length < 2_000, 'a message of 2,000 characters or more');
    }
  },
};

async function read(source: string, text: string): Promise<void> {
  const parts = text.split(NUL);
  const command = source === 'f' ? readCommandLine(parts) : NO_FLAGS;
  if (command.kind === 'text') return;
  const env = source === 'e' ? Object.fromEntries(parts.map((part) => splitOnce(part))) : {};
  const readFile: ReadFile = async () => ({ text: source === 't' ? text : '', isPublic: true });
  const named: RunCommand = source === 't' ? { ...command, configFile: 'peer.toml' } : command;
  const gathered = await gather(named, env, readFile);
  const printed = printConfig(gathered.layer);
  promise(!isShown(printed), 'the printed configuration shows a secret');
  const settings = await settle(gathered, readFile);
  promise(!settings.warnings.some((warning) => warning.includes(SECRET)), 'a warning that shows a secret');
}

/** Returns whether a printed URL has a password or a key; elsewhere (a status, a file name) it is the user's mistake. */
function isShown(printed: string): boolean {
  return printed
    .split('\n')
    .some((line) => /^(?:mnemonic|redis|substrate|relay) = /.test(line) && line.includes(`:${SECRET}@`));
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

function sourceText(random: Random): string {
  const value = () => (random.once(4) ? oddText(random) : random.once(8) ? oddNumber(random) : random.pick(VALUES));
  const some = <T>(make: () => T): T[] => Array.from({ length: 1 + random.below(5) }, make);
  const name = () => random.pick(SETTINGS).name;
  switch (random.below(5)) {
    case 0:
      return `f${some(() => flagText(random, name(), value())).join(NUL)}`;
    case 1:
      return `e${some(() => `${variableOf(name())}=${value()}`).join(NUL)}`;
    case 2:
      return `t${some(() => `${name()} = ${tomlValue(random, value())}`).join('\n')}`;
    default:
      return `t${Buffer.from(mutate(random, [Buffer.from(TOML)])).toString()}`;
  }
}

function flagText(random: Random, name: string, value: string): string {
  const flag = random.once(10) ? `-${name.slice(0, 1)}` : random.once(20) ? value : `--${name}`;
  return random.once(2) ? `${flag}=${value}` : random.once(4) ? flag : `${flag}${NUL}${value}`;
}

function tomlValue(random: Random, value: string): string {
  if (random.once(6)) return value;
  const text = JSON.stringify(value);
  return random.once(4) ? `[${text}, ${random.once(3) ? value : text}]` : random.once(300) ? '['.repeat(10_000) : text;
}
