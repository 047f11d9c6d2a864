import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { plain } from '../plain.ts';
import { Caller, errorText, type Reply, type Timed } from './caller.ts';
import { CommandFailure } from './failure.ts';
import {
  addJsonFlag,
  addSessionFlags,
  addTimeoutFlag,
  countOf,
  jsonOption,
  optionsOf,
  secondsOf,
  withSettings,
} from './flags.ts';
import { beforeInterrupt } from './interrupt.ts';
import { msText, paint, print, printJson } from './output.ts';
import { textOf } from './payload.ts';
import { JSON_SCHEMA, noArgument } from './schema.ts';
import { openSession } from './session.ts';
import { rounded, roundTrips } from './statistics.ts';
import { nameOf, parseTarget, resolveTarget } from './target.ts';

const options = jsonOption.extend({ count: z.number(), interval: z.number(), timeout: z.number() });

/** The Rust peer and ours answer it themselves. A Go program replies with a signed error, for want of the command. */
const QUESTION = {
  command: 'rmb.version',
  schema: JSON_SCHEMA,
  data: noArgument(JSON_SCHEMA),
  // Refused at once when the twin is offline: an answer hours later is no pong.
  failFast: true,
} as const;

/** `rmb-peer ping`: round trips to the peer of a twin. */
export function pingCommand(): Command {
  const command = new Command('ping')
    .summary('measure the way to a twin’s peer and back')
    .description(
      'Asks the peer of a twin for its version, again and again, and sums the round trips up.\n\nA relay answers RMB’s own ping in the twin’s name, even when the twin is offline: it would measure the relay alone. So each of these is a request (rmb.version) that the peer over there answers itself, without any service. Its time has in it: signing here, the relay, verifying and signing there, the relay, verifying here. An error that the twin signed counts as well: nodes of the grid (Go programs without a peer) reply ‘function is not found’. A direct client that serves nothing stays silent.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .option('-n, --count <number>', 'how many; 0 goes on until Ctrl-C', countOf(0, 1_000_000), 5)
    .option('-i, --interval <seconds>', 'from one to the next', secondsOf, 1);
  addTimeoutFlag(command, 5, 'how long to wait for each answer');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer ping 7
  $ rmb-peer ping 7 --count 100 --interval 0.1
  $ rmb-peer ping 7 --count 0 --json | jq -c 'select(.type == "pong") | .milliseconds'`,
    )
    .action(async (twin: string, _: unknown, self: Command) => {
      const { json, count, interval, timeout } = optionsOf(self, options);
      const target = parseTarget(twin);
      await withSettings(self, async ({ peer }, log) => {
        const session = await openSession(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const to = await resolveTarget(target, session.chain);
          const caller = new Caller(session);
          const times: number[] = [];
          let sent = 0;
          let failure: CommandFailure | undefined;
          beforeInterrupt(() => summary(nameOf(to), sent, times, json));
          while (count === 0 || sent < count) {
            const began = performance.now();
            sent += 1;
            const outcome = await caller.ask({ to, ...QUESTION, seconds: timeout });
            if (outcome.ok) {
              times.push(outcome.value.ms);
              pong(sent, outcome.value, json);
            } else {
              failure = outcome.error;
              lost(sent, outcome.error, json);
              if (failure.kind === 'unknown-twin' || failure.kind === 'chain') throw failure;
            }
            if (count === 0 || sent < count) await pause(Math.max(0, began + interval * 1000 - performance.now()));
          }
          summary(nameOf(to), sent, times, json);
          if (times.length === 0 && failure !== undefined) throw new CommandFailure(failure.kind, 'nothing came back');
        } finally {
          session.close();
        }
      });
    });
}

function pong(seq: number, reply: Timed<Reply>, isJson: boolean): void {
  const { source, ms } = reply;
  const version = reply.kind === 'response' ? plain(textOf(reply.data) ?? '') : null;
  const error = reply.kind === 'error' ? { code: reply.code, message: reply.message } : null;
  if (isJson) {
    return void printJson({ type: 'pong', seq, source, milliseconds: Number(ms.toFixed(1)), version, error });
  }
  print(`twin ${source} (${reply.kind === 'error' ? errorText(reply) : version}): seq=${seq} time=${msText(ms)} ms`);
}

function lost(seq: number, { kind, message }: CommandFailure, isJson: boolean): void {
  if (isJson) return void printJson({ type: 'lost', seq, kind, message });
  print(`seq=${seq} ${paint('red', message)}`);
}

function summary(name: string, sent: number, times: readonly number[], isJson: boolean): void {
  const trips = roundTrips(times);
  if (isJson) {
    const roundTrip = trips === undefined ? null : rounded(trips);
    return void printJson({ type: 'summary', sent, answered: times.length, roundTrip });
  }
  const loss = sent === 0 ? 0 : (100 * (sent - times.length)) / sent;
  print(`--- ${name}: ${sent} sent, ${times.length} answered, ${loss.toFixed(0)}% lost`);
  if (trips === undefined) return;
  const { min, mean, p50, p99, max } = trips;
  print(`round trip min/mean/p50/p99/max = ${[min, mean, p50, p99, max].map(msText).join('/')} ms`);
}
