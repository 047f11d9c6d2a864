import type { CommanderError } from 'commander';

/**
 * Describes a wrong command line without any value: after a mistyped flag the value may be the secret, and the library
 * repeats it.
 */
export function misuseText({ code, message }: CommanderError): string {
  switch (code) {
    case 'commander.excessArguments':
      return 'too many arguments: the words of a secret belong in quotes';
    case 'commander.unknownOption': {
      const [, flag = ''] = /'(--[\w-]+|-.)/.exec(message) ?? [];
      const [hint = ''] = /\(Did you mean [^)]*\)$/.exec(message) ?? [];
      return `there is no flag ${flag} ${hint}`.trim();
    }
    case 'commander.optionMissingArgument':
      return `${flagIn(message)} needs a value`;
    case 'commander.missingArgument':
      return `<${/argument '([\w-]+)'$/.exec(message)?.[1] ?? 'argument'}> is missing`;
    case 'commander.invalidArgument': {
      const [, place] = / for argument '([\w-]+)'\./.exec(message) ?? [];
      return `${place === undefined ? flagIn(message) : `<${place}>`}: ${ruleIn(message)}`;
    }
    default:
      return 'the command line is not understood';
  }
}

/** The long name of the flag that a message is about: it comes first, before any value. */
function flagIn(message: string): string {
  return /option '(?:-\w, )?(--[\w-]+)/.exec(message)?.[1] ?? 'a flag';
}

/** Returns the expected form of a value: the last sentence, from this program's parsers or a list of choices. */
function ruleIn(message: string): string {
  const [, rule] = /^.*It (must be .*?)\.?$/s.exec(message) ?? [];
  if (rule !== undefined) return rule;
  const [, choices] = /^.*Allowed choices are (.*?)\.?$/s.exec(message) ?? [];
  return choices === undefined ? 'its value is not understood' : `must be one of ${choices}`;
}
