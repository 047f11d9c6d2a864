import { Command } from 'commander';
import { hideSecrets } from '../../client/mask.ts';
import { addSettings, settingsIn } from '../config/command-line.ts';
import { gather } from '../config/config.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { captureConsole } from '../daemon/log.ts';
import { hasFailed } from './line.ts';
import { jsonReport, textReport } from './report.ts';

/** Hides the output of libraries: the report covers it. */
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const HELP = `
It changes nothing, and does not disturb a running peer: use the same flags, variables and file.

Exit codes: 0 success or warnings; 1 something failed; 2 wrong arguments or settings.`;

/** Returns the command `rmb-peer doctor`: checks everything that a peer needs. Sets the process's exit code. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('check everything that a peer needs')
    .description('Checks everything that a peer needs, and says what is wrong and what to do.')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', HELP);
  return addSettings(command).action(async () => {
    captureConsole(SILENT);
    // Loaded only now: the help of all commands should answer at once.
    const { examine } = await import('./run.ts');
    const gathered = await gather(settingsIn(command), process.env, readSecretFile);
    const { lines, secrets } = await examine(gathered, readSecretFile);
    const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const report = command.opts().json === true ? jsonReport(lines) : textReport(lines, isColoured);
    process.stdout.write(hideSecrets(report, secrets));
    if (hasFailed(lines)) process.exitCode = 1;
  });
}
