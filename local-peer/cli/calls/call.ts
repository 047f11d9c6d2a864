import { Command } from 'commander';
import { z } from 'zod';
import type { CallResponse } from '../../../client/asking/calls.ts';
import { formatAddress } from '../../../proto/envelope/address.ts';
import { UsageError } from '../../config/layers.ts';
import { connectCommand, withHint } from '../connect.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, jsonOption, optionsOf, withSettings } from '../flags.ts';
import { msText, note, paint, printJson } from '../output.ts';
import { addSchemaFlag, JSON_SCHEMA, noArgument, schemaOption } from '../schema.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { payloadJson, readPayload } from './payload.ts';

const options = jsonOption.extend({
  data: z.string().optional(),
  file: z.string().optional(),
  schema: schemaOption,
  timeout: z.number(),
  failFast: z.boolean().default(false),
});

/** Returns the command `rmb-peer call`: one request, one reply. */
export function callCommand(): Command {
  const command = new Command('call')
    .summary('send a request and print the reply')
    .description(
      'Sends a request to a twin and prints the payload of the reply unchanged. The request is signed, and encrypted if both twins have a key on chain; the reply is verified.\n\nWithout a payload, the request carries `null`, which is “no argument” in JSON; with another schema it is empty.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .argument('<cmd>', 'the service’s command')
    .argument('[-]', 'read the payload from stdin')
    .option('--data <text>', 'the payload')
    .option('--file <file>', 'a file with the payload; - is stdin')
    .option('--fail-fast', 'fail at once when the twin is offline');
  addSchemaFlag(command);
  addTimeoutFlag(command, 30, 'limit for the reply, and before it for chain and relay each');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer call 7 my.command --data '{"n":1}'
  $ rmb-peer call 7 zos.system.version --fail-fast --timeout 5
  $ rmb-peer call 7 my.upper --data hello --schema text/plain
  $ tar c logs | rmb-peer call 7:my-session store.put - --schema none > receipt
  $ rmb-peer call 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY my.command --json | jq -r .payload.text`,
    )
    .action(async (twin: string, cmd: string, dash: string | undefined, _: unknown, self: Command) => {
      const { json, data, file, schema, timeout, failFast } = optionsOf(self, options);
      const target = parseTarget(twin);
      if (dash !== undefined && dash !== '-')
        throw new UsageError('unexpected argument: give the payload with --data, or read it from stdin with -');
      await withSettings(self, async ({ peer }, log) => {
        const payload = await readPayload({ data, file, isStdin: dash === '-' }, noArgument(schema));
        const bus = await connectCommand(peer, log, timeout * 1000);
        try {
          const to = formatAddress(await resolveTarget(target, bus.chain));
          const began = performance.now();
          const asked = { timeout: timeout * 1000, schema: schema ?? null, failFast, offlineAfter: 0 };
          show(await bus.request(to, cmd, payload, asked), performance.now() - began, json);
        } catch (error) {
          throw withHint(error, { failFast, isJson: schema === JSON_SCHEMA });
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}

function show({ source, schema, data }: CallResponse, ms: number, isJson: boolean): void {
  if (isJson) {
    const took = Number(ms.toFixed(1));
    return void printJson({ ok: true, source, milliseconds: took, schema: schema ?? null, payload: payloadJson(data) });
  }
  process.stdout.write(data);
  if (!process.stdout.isTTY) return;
  if (data.length > 0 && data.at(-1) !== 0x0a) process.stdout.write('\n');
  note(paint('dim', `twin ${source} replied in ${msText(ms)} ms, ${data.length} bytes`));
}
