/** A flag, as a shell completes it. */
interface CompletedFlag {
  /** `--json`. */
  readonly long: string;
  readonly takesValue: boolean;
  readonly help: string;
}

/** A command, as a shell completes it; the one without a name is the program itself. */
export interface CompletedCommand {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly CompletedFlag[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The script that teaches a shell these commands. */
export function scriptFor(shell: (typeof SHELLS)[number], commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).filter((name) => name !== '');
  const cases = commands.map(({ name, flags }) => {
    const words = [...(name === '' ? names : []), ...flags.map(({ long }) => long)];
    return `    ${name === '' ? '*' : name}) words=${quote(words.join(' '))} ;;`;
  });
  return `# rmb-peer completion bash > ~/.local/share/bash-completion/completions/rmb-peer
_rmb_peer() {
  local words command=""
  ((COMP_CWORD > 1)) && command="\${COMP_WORDS[1]}"
  case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rmb_peer rmb-peer
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const described = (name: string, help: string) => quote(`${name.replaceAll(':', '\\:')}:${help}`);
  const names = commands.filter(({ name }) => name !== '').map(({ name, help }) => described(name, help));
  const cases = commands.map(({ name, flags }) => {
    const each = flags.map(({ long, help }) => described(long, help));
    return `    ${name === '' ? '*' : name}) flags=(${each.join(' ')}) ;;`;
  });
  return `#compdef rmb-peer
# rmb-peer completion zsh > ~/.zfunc/_rmb-peer   (and in ~/.zshrc, before compinit: fpath+=~/.zfunc)
_rmb_peer() {
  local -a commands flags
  commands=(${names.join(' ')})
  case "$words[2]" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then _describe -o flag flags
  elif ((CURRENT == 2)); then _describe command commands
  else _files
  fi
}
if [[ "$funcstack[1]" == _rmb-peer ]]; then _rmb_peer "$@"; else compdef _rmb_peer rmb-peer; fi
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, help, flags }) => {
    const when = name === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${name}`;
    const own =
      name === '' ? [] : [`complete -c rmb-peer -n __fish_use_subcommand -f -a ${name} -d ${fishQuote(help)}`];
    const each = flags.map(
      (flag) =>
        `complete -c rmb-peer -n ${fishQuote(when)} -l ${flag.long.slice(2)}${flag.takesValue ? ' -r' : ''} -d ${fishQuote(flag.help)}`,
    );
    return [...own, ...each];
  });
  return `# rmb-peer completion fish > ~/.config/fish/completions/rmb-peer.fish\n${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
