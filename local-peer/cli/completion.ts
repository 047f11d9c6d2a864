import { Argument, Command, type Option } from 'commander';
import { daemonCommand } from '../config/command-line.ts';
import { type CompletedCommand, SHELLS, scriptFor } from './shells.ts';

/** `rmb-peer completion`: a shell completes what it knows. @param commands all there are */
export function completionCommand(commands: () => readonly Command[]): Command {
  return new Command('completion')
    .summary('teach a shell to complete')
    .description('Prints a script that lets a shell complete commands and flags.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(rmb-peer completion bash)
  $ rmb-peer completion zsh > ~/.zfunc/_rmb-peer
  $ rmb-peer completion fish > ~/.config/fish/completions/rmb-peer.fish`,
    )
    .action((shell: (typeof SHELLS)[number]) => {
      const all = commands().map((command) => completed(command.name(), command));
      process.stdout.write(scriptFor(shell, [...all, completed('', daemonCommand())]));
    });
}

function completed(name: string, command: Command): CompletedCommand {
  const flags = [...command.options, ...command.createHelp().visibleOptions(command)]
    .filter(({ hidden, long }, index, all) => !hidden && all.findIndex((each) => each.long === long) === index)
    .flatMap((option: Option) => {
      if (!option.long) return [];
      return [{ long: option.long, takesValue: option.required || option.optional, help: firstWords(option) }];
    });
  return { name, help: command.summary(), flags };
}

/** Without where it may stand else, and its default. */
function firstWords({ description }: Option): string {
  return description.replace(/ \([^()]*\)$/, '');
}
