import { Command } from 'commander';
import { z } from 'zod';
import type { Address } from '../../proto/address.ts';
import { Caller, errorText, type Reply, type Timed } from './caller.ts';
import { CommandFailure } from './failure.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, countOf, jsonOption, optionsOf, withSettings } from './flags.ts';
import { beforeInterrupt } from './interrupt.ts';
import { msText, paint, print, printJson } from './output.ts';
import { readPayload } from './payload.ts';
import { Progress } from './progress.ts';
import { addSchemaFlag, noArgument, schemaOption } from './schema.ts';
import { openSession } from './session.ts';
import { Slots } from './slots.ts';
import { rounded, roundTrips } from './statistics.ts';
import { nameOf, parseTarget, resolveTarget } from './target.ts';

const options = jsonOption.extend({
  requests: z.number(),
  concurrency: z.number(),
  timeout: z.number(),
  data: z.string().optional(),
  file: z.string().optional(),
  schema: schemaOption,
});

/** `rmb-peer bench`: how many requests a service takes, and how long they take. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .summary('load a service, and measure')
    .description(
      'Sends a service many requests, some at once, and says how many a second were answered and how long they took. All of it is measured: signing and verifying on both sides takes most of the time with sr25519 keys (on this side one processor does it), and both twins share the relay’s limits with their other programs. An error that the twin signed is an answer, too, and is counted by what it says. Ask only twins of yours.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .argument('<cmd>', 'the service’s command')
    .option('-n, --requests <number>', 'how many', countOf(1, 10_000_000), 200)
    .option('-p, --concurrency <number>', 'at once', countOf(1, 1024), 8)
    .option('--data <text>', 'the payload of each')
    .option('--file <file>', 'a file with the payload; - is stdin');
  addSchemaFlag(command);
  addTimeoutFlag(command, 10, 'how long to wait for each answer');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer bench 7 my.command --data '{"n":1}'
  $ rmb-peer bench 7:my-session rmb.version --requests 5000 --concurrency 32 --json`,
    )
    .action(async (twin: string, cmd: string, _: unknown, self: Command) => {
      const { json, data, file, schema, timeout, requests, concurrency } = optionsOf(self, options);
      const target = parseTarget(twin);
      await withSettings(self, async ({ peer }, log) => {
        const payload = await readPayload({ data, file }, noArgument(schema));
        const session = await openSession(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const to = await resolveTarget(target, session.chain);
          const run = new Run(to, requests);
          const progress = new Progress(requests);
          beforeInterrupt(() => {
            progress.end();
            run.show(json);
          });
          const caller = new Caller(session);
          const slots = new Slots(concurrency);
          const ask = async () => {
            const asked = { to, command: cmd, data: payload, schema, seconds: timeout, failFast: true };
            const outcome = await caller.ask(asked);
            if (outcome.ok) run.count(outcome.value);
            else run.fail(outcome.error);
            progress.show(run.done, `${run.rate().toFixed(0)}/s`);
          };
          run.begin();
          await Promise.all(Array.from({ length: requests }, () => slots.run(ask)));
          progress.end();
          run.show(json);
          run.judge();
        } finally {
          session.close();
        }
      });
    });
}

/** What has been measured so far. */
class Run {
  /** Of all replies, errors among them. */
  readonly #times: number[] = [];
  /** Replies that were errors, by their text. */
  readonly #errors = new Map<string, number>();
  readonly #to: Address;
  readonly #total: number;
  readonly #failures = new Map<string, number>();
  #first: CommandFailure | undefined;
  #began = performance.now();

  constructor(to: Address, total: number) {
    this.#to = to;
    this.#total = total;
  }

  begin(): void {
    this.#began = performance.now();
  }

  count(reply: Timed<Reply>): void {
    this.#times.push(reply.ms);
    if (reply.kind === 'error') addTo(this.#errors, errorText(reply));
  }

  fail(failure: CommandFailure): void {
    this.#first ??= failure;
    addTo(this.#failures, failure.message);
  }

  get done(): number {
    return this.#times.length + sumOf(this.#failures);
  }

  /** Answers a second. */
  rate(): number {
    return this.#times.length / Math.max(0.001, (performance.now() - this.#began) / 1000);
  }

  show(isJson: boolean): void {
    const seconds = (performance.now() - this.#began) / 1000;
    const trips = roundTrips(this.#times);
    if (isJson) {
      return void printJson({
        twin: this.#to.twin,
        requests: this.#total,
        answered: this.#times.length,
        errors: Object.fromEntries(this.#errors),
        failed: Object.fromEntries(this.#failures),
        seconds: Number(seconds.toFixed(3)),
        perSecond: Number(this.rate().toFixed(1)),
        roundTrip: trips === undefined ? null : rounded(trips),
      });
    }
    const answered = `${this.#times.length} of ${this.#total} answered in ${seconds.toFixed(1)} s`;
    print(`${nameOf(this.#to)}: ${answered}, ${paint('bold', `${this.rate().toFixed(1)} a second`)}`);
    if (trips !== undefined) {
      const { min, mean, p50, p99, max } = trips;
      print(`round trip min/mean/p50/p99/max = ${[min, mean, p50, p99, max].map(msText).join('/')} ms`);
    }
    for (const [text, count] of this.#errors) print(`${paint('red', `${count} answered with an error`)}: ${text}`);
    for (const [message, count] of this.#failures) print(`${paint('red', `${count} failed`)}: ${message}`);
  }

  /** @throws CommandFailure when a request failed, or was answered with an error */
  judge(): void {
    if (this.#first !== undefined) {
      const failed = this.#total - this.#times.length;
      throw new CommandFailure(this.#first.kind, `${failed} of ${this.#total} requests failed`);
    }
    const errors = sumOf(this.#errors);
    if (errors === 0) return;
    throw new CommandFailure('answered-error', `${errors} of ${this.#total} requests were answered with an error`);
  }
}

function addTo(counts: Map<string, number>, text: string): void {
  counts.set(text, (counts.get(text) ?? 0) + 1);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
