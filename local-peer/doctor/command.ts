import { Command } from 'commander';
import { addSettings, settingsIn } from '../config/command-line.ts';
import { hideSecrets } from '../config/mask.ts';
import { gather } from '../config.ts';
import { captureConsole } from '../log.ts';
import { readSecretFile } from '../secret-file.ts';
import { hasFailed } from './line.ts';
import { jsonReport, textReport } from './report.ts';

/** What libraries say of a node that is down stands in the report already. */
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const HELP = `
It changes nothing, and leaves a running peer alone: run it beside one, with the same flags, variables and file.

Exit codes: 0 all is well, or worth a warning; 1 something failed; 2 asked for something that cannot be.`;

/** `rmb-peer doctor`: looks at all that a peer with these settings needs. Sets the process's exit code. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('says what is wrong, and what to do')
    .description('Looks at all that a peer needs, and says what is wrong and what to do.')
    .option('--json', 'print it for programs')
    .addHelpText('after', HELP);
  return addSettings(command).action(async () => {
    captureConsole(SILENT);
    // Loaded only now: it brings the chain's library along, and the help of all commands should answer at once.
    const { examine } = await import('./run.ts');
    const gathered = await gather(settingsIn(command), process.env, readSecretFile);
    const { lines, secrets } = await examine(gathered, readSecretFile);
    const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const report = command.opts().json === true ? jsonReport(lines) : textReport(lines, isColoured);
    process.stdout.write(hideSecrets(report, secrets));
    if (hasFailed(lines)) process.exitCode = 1;
  });
}
