import { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../config/layers.ts';
import { Caller, errorText, type Reply, type Timed } from './caller.ts';
import { CommandFailure } from './failure.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, jsonOption, optionsOf, withSettings } from './flags.ts';
import { msText, note, paint, printJson } from './output.ts';
import { payloadJson, readPayload } from './payload.ts';
import { addSchemaFlag, noArgument, schemaOption } from './schema.ts';
import { openSession } from './session.ts';
import { nameOf, parseTarget, resolveTarget } from './target.ts';

const options = jsonOption.extend({
  data: z.string().optional(),
  file: z.string().optional(),
  schema: schemaOption,
  timeout: z.number(),
  failFast: z.boolean().default(false),
});

/** `rmb-peer call`: one request, one answer. */
export function callCommand(): Command {
  const command = new Command('call')
    .summary('ask a twin, and print its answer')
    .description(
      'Asks a twin, and prints the payload of its answer as it came. It is signed, and encrypted where both twins have a key on chain; the answer is verified.\n\nWithout a payload `null` is sent, which is “no argument” in JSON; with another schema, no bytes.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .argument('<cmd>', 'the service’s command')
    .argument('[-]', 'read the payload from stdin')
    .option('--data <text>', 'the payload')
    .option('--file <file>', 'a file with the payload; - is stdin')
    .option('--fail-fast', 'let the relay refuse at once when the twin is offline');
  addSchemaFlag(command);
  addTimeoutFlag(command, 30, 'how long to wait for the answer, and before it for chain and relay each');
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
        throw new UsageError('what is sent stands behind --data, or is read by -');
      await withSettings(self, async ({ peer }, log) => {
        const payload = await readPayload({ data, file, isStdin: dash === '-' }, noArgument(schema));
        const session = await openSession(peer, log, timeout * 1000);
        try {
          const to = await resolveTarget(target, session.chain);
          const caller = new Caller(session);
          const asked = { to, command: cmd, data: payload, schema, seconds: timeout, failFast };
          const outcome = await caller.ask(asked);
          if (!outcome.ok) throw outcome.error;
          const reply = outcome.value;
          if (reply.kind === 'error') {
            throw new CommandFailure('answered-error', `${nameOf(to)} answered with ${errorText(reply)}`);
          }
          show(reply, json);
        } finally {
          session.close();
        }
      });
    });
}

function show({ source, ms, schema, data }: Timed<Extract<Reply, { kind: 'response' }>>, isJson: boolean): void {
  if (isJson) {
    const took = Number(ms.toFixed(1));
    return void printJson({ ok: true, source, milliseconds: took, schema: schema ?? null, payload: payloadJson(data) });
  }
  process.stdout.write(data);
  if (!process.stdout.isTTY) return;
  if (data.length > 0 && data.at(-1) !== 0x0a) process.stdout.write('\n');
  note(paint('dim', `twin ${source} answered in ${msText(ms)} ms, ${data.length} bytes`));
}
