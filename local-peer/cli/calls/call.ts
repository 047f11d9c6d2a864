import { once } from 'node:events';
import { Command } from 'commander';
import { z } from 'zod';
import type { CallResponse } from '../../../client/asking/calls.ts';
import type { ConnectedBus } from '../../../client/connected-bus.ts';
import { formatAddress } from '../../../proto/envelope/address.ts';
import { UsageError } from '../../config/layers.ts';
import { connectCommand, withHint } from '../connect.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, jsonOption, optionsOf, withSettings } from '../flags.ts';
import { msText, note, paint, printJson } from '../output.ts';
import { addSchemaFlag, JSON_SCHEMA, noArgument, schemaOption } from '../schema.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { beforeInterrupt } from './interrupt.ts';
import { payloadJson, readPayload } from './payload.ts';

const NEWLINE = 0x0a;

const options = jsonOption.extend({
  data: z.string().optional(),
  file: z.string().optional(),
  schema: schemaOption,
  timeout: z.number(),
  failFast: z.boolean().default(false),
  stream: z.boolean().default(false),
});

/** Returns the command `rmb-peer call`: one request, and its reply or replies. */
export function callCommand(): Command {
  const command = new Command('call')
    .summary('send a request and print the reply')
    .description(
      'Sends a request to a twin and prints the payload of the reply unchanged. The request is signed, and encrypted if both twins have a key on chain; the reply is verified.\n\nWithout a payload, the request carries `null`, which is “no argument” in JSON; with another schema it is empty.\n\nWith --stream each reply is printed as it comes, on a line of its own, until the twin ends the stream or --timeout is over. Ctrl-C cancels the request.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .argument('<cmd>', 'the service’s command')
    .argument('[-]', 'read the payload from stdin')
    .option('--data <text>', 'the payload')
    .option('--file <file>', 'a file with the payload; - is stdin')
    .option('--fail-fast', 'fail at once when the twin is offline')
    .option('--stream', 'print several replies, as they come');
  addSchemaFlag(command);
  addTimeoutFlag(command, 30, 'limit for the reply or the whole stream, and before it for chain and relay each');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer call 7 my.command --data '{"n":1}'
  $ rmb-peer call 7 zos.system.version --fail-fast --timeout 5
  $ rmb-peer call 7 my.upper --data hello --schema text/plain
  $ rmb-peer call 7 my.log --stream --timeout 600
  $ tar c logs | rmb-peer call 7:my-session store.put - --schema none > receipt
  $ rmb-peer call 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY my.command --json | jq -r .payload.text`,
    )
    .action(async (twin: string, cmd: string, dash: string | undefined, _: unknown, self: Command) => {
      const { json, data, file, schema, timeout, failFast, stream } = optionsOf(self, options);
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
          if (stream) await showStream(bus, (signal) => bus.replies(to, cmd, payload, { ...asked, signal }), json);
          else show(await bus.request(to, cmd, payload, asked), performance.now() - began, json);
        } catch (error) {
          throw withHint(error, { failFast, isJson: schema === JSON_SCHEMA });
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}

/** Prints replies as they come. A signal cancels the request before it ends the program. */
async function showStream(
  bus: ConnectedBus,
  replies: (signal: AbortSignal) => AsyncIterable<CallResponse>,
  isJson: boolean,
): Promise<void> {
  const stop = new AbortController();
  beforeInterrupt(async () => {
    stop.abort();
    await bus.close();
  });
  try {
    for await (const { source, schema, data } of replies(stop.signal)) {
      if (isJson) printJson({ ok: true, source, schema: schema ?? null, payload: payloadJson(data) });
      else process.stdout.write(data.at(-1) === NEWLINE ? data : Buffer.concat([data, Buffer.of(NEWLINE)]));
      // A reader that does not keep up must hold up the twin, and not fill the memory.
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    }
  } catch (error) {
    // The signal ends the program.
    if (stop.signal.aborted) await new Promise<never>(() => undefined);
    throw error;
  }
}

function show({ source, schema, data }: CallResponse, ms: number, isJson: boolean): void {
  if (isJson) {
    const took = Number(ms.toFixed(1));
    return void printJson({ ok: true, source, milliseconds: took, schema: schema ?? null, payload: payloadJson(data) });
  }
  process.stdout.write(data);
  if (!process.stdout.isTTY) return;
  if (data.length > 0 && data.at(-1) !== NEWLINE) process.stdout.write('\n');
  note(paint('dim', `twin ${source} replied in ${msText(ms)} ms, ${data.length} bytes`));
}
