import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Clock } from '../../../client/session/clock.ts';
import { reasonOf, within } from '../patience.ts';
import type { Step } from './relay-verdict.ts';

const NAME_MS = 3_000;
const CONNECT_MS = 3_000;
const TLS_MS = 3_000;
const ANSWER_MS = 4_000;
/** The whole way. */
const WAY_MS = 7_000;

/** Goes to a relay step by step, until one fails. Gives its Date to the clock. */
export async function goTo(relay: URL, clock: Clock): Promise<Step[]> {
  const steps: Step[] = [];
  const end = performance.now() + WAY_MS;
  /** One step; false when it failed. */
  const step = async (what: Step['what'], ms: number, work: Promise<string>): Promise<boolean> => {
    try {
      steps.push({ what, isOk: true, detail: await within(Math.min(ms, Math.ceil(end - performance.now())), work) });
      return true;
    } catch (error) {
      steps.push({ what, isOk: false, detail: reasonOf(error), code: codeOf(error) });
      return false;
    }
  };
  const isTls = relay.protocol === 'wss:';
  const port = Number(relay.port) || (isTls ? 443 : 80);
  // URLs have IPv6 in brackets, sockets do not.
  const host = relay.hostname.replace(/^\[|\]$/g, '');
  if (!(await step('name', NAME_MS, addressOf(host)))) return steps;
  const socket = connect({ host, port });
  try {
    if (!(await step('connection', CONNECT_MS, connected(socket)))) return steps;
    if (isTls && !(await step('TLS', TLS_MS, secured(socket, host)))) return steps;
  } finally {
    socket.destroy();
  }
  await step('answer', ANSWER_MS, answered(relay, clock));
  return steps;
}

async function addressOf(host: string): Promise<string> {
  return (await lookup(host, { all: true })).map(({ address }) => address).join(', ');
}

async function connected(socket: Socket): Promise<string> {
  await once(socket, 'connect');
  return `to ${socket.remoteAddress} port ${socket.remotePort}`;
}

async function secured(socket: Socket, host: string): Promise<string> {
  const secure = tlsConnect({ socket, servername: host });
  await once(secure, 'secureConnect');
  const { subject, valid_to: until } = secure.getPeerCertificate();
  return `certificate of ${subject?.CN ?? host}, until ${until}`;
}

/** Any HTTP answer is enough: the upgrade shows whether it is a relay. */
async function answered(relay: URL, clock: Clock): Promise<string> {
  const isTls = relay.protocol === 'wss:';
  const url = new URL(relay);
  url.protocol = isTls ? 'https:' : 'http:';
  const askedAt = Date.now();
  const request = (isTls ? httpsRequest : httpRequest)(url, { agent: false, signal: AbortSignal.timeout(ANSWER_MS) });
  request.end();
  const [response] = await once(request, 'response');
  const { date, server } = response.headers;
  if (typeof date === 'string') clock.measure(relay.href, date, askedAt);
  response.destroy();
  return `HTTP in ${Date.now() - askedAt} ms${typeof server === 'string' ? `, ${server}` : ''}`;
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
