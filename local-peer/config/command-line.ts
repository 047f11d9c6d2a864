import { Command, CommanderError, Option } from 'commander';
import { type Given, type Layer, UsageError } from './layers.ts';
import { misuseText } from './misuse.ts';
import { RELEASE } from './release.ts';
import { SETTINGS, type Setting, type SettingName, variableOf } from './table.ts';

/** Deprecated flags of the Rust peer; each still works, with a warning that names its replacement. */
const DEPRECATED = ['mnemonics', 'seed'] as const;

const EXAMPLES = `
The secret is best given in a file, or in the environment: a flag can be read by everybody on the machine.
Every flag has a variable (RMB_KEY_TYPE for --key-type, lists separated by commas or spaces) and a key in the
configuration file (key-type = "ed25519"). A flag counts more than a variable, a variable more than the file.

Examples:
  $ rmb-peer --mnemonic-file /etc/rmb-peer/mnemonic
  $ rmb-peer --config /etc/rmb-peer/rmb-peer.toml --print-config
  $ RMB_MNEMONIC="$(cat secret)" rmb-peer --relay wss://relay.grid.tf --relay wss://relay.02.grid.tf --status 9464
  $ rmb-peer --mnemonic-file secret --redis redis://localhost:6379 --substrate ws://localhost:9944 --relay ws://localhost:8787

Exit codes: 0 stopped by a signal; 1 failed, or stopped by a second signal; 2 asked for something that cannot be.`;

/** Request of the command line. */
export type CommandLine = { readonly kind: 'text'; readonly text: string } | RunCommand;

/** Settings, as flags give them. */
export interface RunCommand {
  readonly kind: 'run';
  readonly layer: Layer;
  readonly configFile: string | undefined;
  readonly isPrinting: boolean;
  readonly warnings: readonly string[];
}

/**
 * Reads the command line of the daemon.
 * @param others help on the commands
 * @throws UsageError naming the flag, never its value
 */
export function readCommandLine(argv: readonly string[], others = ''): CommandLine {
  let text = '';
  const command = build(others, (part) => {
    text += part;
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text };
    throw new UsageError(misuseText(error));
  }
  return settingsIn(command);
}

/** Returns the settings of a parsed command. */
export function settingsIn(command: Command): RunCommand {
  const given = (name: string) => {
    const option = command.options.find(({ long }) => long === `--${name}`);
    if (option === undefined || command.getOptionValueSource(option.attributeName()) !== 'cli') return undefined;
    return textsOf(command.getOptionValue(option.attributeName()), option.negate);
  };
  const layer = new Map<SettingName, Given>();
  const put = (name: SettingName, flag: string) => {
    const texts = given(flag);
    if (texts !== undefined && !layer.has(name)) layer.set(name, { texts, origin: 'flag', from: `--${flag}` });
  };
  for (const { name } of SETTINGS) put(name, name);
  for (const alias of DEPRECATED) put('mnemonic', alias);
  const warnings = DEPRECATED.filter((alias) => given(alias) !== undefined).map(
    (alias) => `--${alias} is deprecated: use --mnemonic-file, RMB_MNEMONIC or --mnemonic`,
  );
  return {
    kind: 'run',
    layer,
    configFile: given('config')?.at(-1),
    isPrinting: given('print-config') !== undefined,
    warnings,
  };
}

function build(others: string, writeOut: (text: string) => void): Command {
  const command = new Command('rmb-peer')
    .description('Connects the programs of one twin, through Redis, with RMB relays.')
    .version(RELEASE)
    .exitOverride()
    .configureOutput({ writeOut, writeErr: () => undefined })
    .addHelpText('after', `${others}${EXAMPLES}`);
  return addSettings(command).option(
    '--print-config',
    'print the settings in force and their sources, without secrets, and exit',
  );
}

/** Adds the flags of all settings to a command. */
export function addSettings(command: Command): Command {
  for (const setting of SETTINGS) command.addOption(optionOf(setting));
  for (const alias of DEPRECATED) command.addOption(new Option(`--${alias} <secret>`).hideHelp());
  return command.addOption(configOption());
}

/** Returns the option of the configuration file. */
export function configOption(): Option {
  return new Option('-c, --config <file>', `a configuration file in TOML (${variableOf('config')})`);
}

/** Returns a setting as an option of commander. */
export function optionOf({ name, flag, kind, help, fallback, isHidden }: Setting): Option {
  const notes = [variableOf(name), ...(fallback === undefined ? [] : [`else ${fallback.join(' ')}`])];
  const option = new Option(flag, `${help} (${notes.join(', ')})`);
  if (isHidden) option.hideHelp();
  if (kind === 'list') option.argParser((value, all: string[] | undefined) => [...(all ?? []), value]);
  if (kind === 'count') option.argParser((_, level: number | undefined) => (level ?? 0) + 1);
  return option;
}

/** @param isNegated commander turns `--no-update` into `update: false` */
function textsOf(value: unknown, isNegated: boolean): string[] {
  if (Array.isArray(value)) return value.map(String);
  return [isNegated ? String(value === false) : String(value)];
}
