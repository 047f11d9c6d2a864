import { Command } from 'commander';
import { z } from 'zod';
import { RmbError } from '../../../client/errors.ts';
import { systemFault } from '../../../client/system-fault.ts';
import { UsageError } from '../../config/layers.ts';
import { addJsonFlag, addTimeoutFlag, jsonOption, optionsOf } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { faultIn, relayJson, relayLines } from './relay-lines.ts';
import { pagesUrl, type RelayReport, reportOf } from './relay-report.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** Returns the command `rmb-peer relay`: the state of a relay, seen from here. */
export function relayCommand(): Command {
  const command = new Command('relay')
    .summary('show the state of a relay')
    .description(
      'Asks a relay for its version, health and readiness, and measures the round trip and its clock. No secret is needed, and no session is opened. The Rust relay serves only /metrics.',
    )
    .argument('<url>', 'wss://, ws://, https://, http://, or a host (https)');
  addTimeoutFlag(command, 10, 'limit for everything');
  return addJsonFlag(command)
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer relay wss://relay.grid.tf
  $ rmb-peer relay ws://localhost:8787 --json | jq .clockSkewSeconds`,
    )
    .action(async (text: string, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      const url = pagesUrl(text);
      if (url === undefined) throw new UsageError(`'${text}' is no relay: expected wss://relay.grid.tf, or a host`);
      const report = await asked(url, timeout);
      if (json) printJson(relayJson(url, report));
      else for (const line of relayLines(url, report)) print(line);
      const fault = faultIn(url, report);
      if (fault !== undefined) throw fault;
    });
}

async function asked(url: URL, seconds: number): Promise<RelayReport> {
  try {
    return await reportOf(url, AbortSignal.timeout(seconds * 1000));
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new RmbError('no-answer', `${url.host} did not answer within ${seconds} s`);
    }
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = systemFault(cause) ?? 'the server speaks no HTTP';
    throw new RmbError('relay', `${url.host} cannot be reached: ${why}`);
  }
}
