import { randomBytes } from 'node:crypto';
import { type Redis, type Reply, receive, type Sent, send, textOf } from './bus.ts';
import { startKills } from './kills.ts';
import { COMMANDS, serve } from './service.ts';
import type { World } from './world.ts';

const ROUNDS = 150;
const AT_ONCE = 25;
/** A machine full of other work takes this long to start a relay that was killed, and to catch up. */
const ANSWER_SECONDS = 60;

/** A request and its expected replies. */
interface Expectation {
  readonly destinations: readonly number[];
  readonly command: string;
  readonly payload: string;
  readonly expected: { readonly text: string } | { readonly error: string };
}

/** The result of a check. */
export interface CheckResult {
  readonly requests: number;
  readonly answered: number;
  /** How often the relay was killed meanwhile. */
  readonly kills: number;
  readonly faults: readonly string[];
}

/**
 * Sends some 600 requests and compares every reply. They are encrypted and plain, to one destination and to two,
 * to a service that replies with an error, and to one that starts late. The relay is killed meanwhile if the world can.
 */
export async function runCheck(world: World): Promise<CheckResult> {
  const { secret, open } = world;
  const kills = startKills(world);
  const faults: string[] = [];
  let answered = 0;
  const expectations = Array.from({ length: ROUNDS }, (_, round) => roundOf(round, secret.twin, open.twin)).flat();
  const late = lateRequests(secret.twin);
  const workers = Array.from({ length: AT_ONCE }, async (_, worker) => {
    const redis = await world.caller.connect();
    for (let n = worker; n < expectations.length; n += AT_ONCE) {
      const expectation = expectations[n];
      if (expectation === undefined) continue;
      const sent = await send(redis, expectation.destinations, expectation.command, expectation.payload);
      kills.onSent();
      const fault = await collect(redis, sent, expectation);
      if (fault === undefined) answered += 1;
      else faults.push(fault);
    }
  });
  const starting = answerLate(world, late).then((found) => {
    answered += late.length - found.length;
    faults.push(...found);
  });
  await Promise.all([...workers, starting]);
  return { requests: expectations.length + late.length, answered, kills: await kills.ended(), faults };
}

function roundOf(round: number, secret: number, open: number): Expectation[] {
  const text = randomBytes(round * 7).toString('hex');
  return [
    { destinations: [secret], command: 'demo.echo', payload: text, expected: { text } },
    { destinations: [open], command: 'demo.echo', payload: text, expected: { text } },
    { destinations: [secret, open], command: 'demo.add', payload: `${round} + 1`, expected: { text: `${round + 1}` } },
    { destinations: [open], command: 'demo.add', payload: `x${round}`, expected: { error: `'x${round}' is no sum` } },
  ];
}

function lateRequests(twin: number): Expectation[] {
  return Array.from({ length: 20 }, (_, n) => {
    const payload = `early ${n}`;
    return { destinations: [twin], command: 'demo.late', payload, expected: { text: payload } };
  });
}

/** Sends requests to a service that has not started; starts it once all of them are in its queue. */
async function answerLate(world: World, requests: readonly Expectation[]): Promise<string[]> {
  const redis = await world.caller.connect();
  const sent: [Sent, Expectation][] = [];
  for (const each of requests) sent.push([await send(redis, each.destinations, each.command, each.payload), each]);
  const service = await world.secret.connect();
  const began = Date.now();
  while ((await service.lLen('msgbus.demo.late')) < requests.length && Date.now() - began < ANSWER_SECONDS * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  void serve(service, 'demo.late', COMMANDS['demo.echo'] ?? ((payload) => payload));
  const faults = await Promise.all(sent.map(([each, expectation]) => collectAlone(world, each, expectation)));
  return faults.filter((fault) => fault !== undefined);
}

async function collectAlone(world: World, sent: Sent, expectation: Expectation): Promise<string | undefined> {
  return collect(await world.caller.connect(), sent, expectation);
}

/** Awaits one reply from each destination. Resolves with the first problem, or with undefined. */
async function collect(redis: Redis, sent: Sent, expectation: Expectation): Promise<string | undefined> {
  const missing = new Set(expectation.destinations.map(String));
  const what = `${expectation.command} to twin ${expectation.destinations.join(' and ')}`;
  while (missing.size > 0) {
    const reply = await receive(redis, sent, ANSWER_SECONDS);
    if (reply === undefined) return `${what}: no reply of twin ${[...missing].join(', ')} within ${ANSWER_SECONDS} s`;
    const fault = faultOf(reply, sent, expectation);
    if (fault !== undefined) return `${what}: ${fault}`;
    if (!missing.delete(reply.src)) return `${what}: unexpected reply of twin '${reply.src}'`;
  }
  return undefined;
}

function faultOf(reply: Reply, sent: Sent, { expected }: Expectation): string | undefined {
  if (reply.ref !== sent.ref) return `ref ${reply.ref}, expected ${sent.ref}`;
  const found = reply.err === null ? textOf(reply) : `error: ${reply.err.message}`;
  const wanted = 'text' in expected ? expected.text : `error: ${expected.error}`;
  return found === wanted ? undefined : `replied '${found.slice(0, 100)}', expected '${wanted.slice(0, 100)}'`;
}
