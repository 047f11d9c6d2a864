import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Case, Seen } from '../case.ts';
import { ask, type HttpQuestion, JSON_FORM, statusLine } from '../stage/http.ts';
import { within } from '../stage/session.ts';
import type { Stage } from '../stage/stage.ts';

const NOT_FOUND = 'page not found';

function notFound(
  name: string,
  title: string,
  question: HttpQuestion | ((stage: Stage) => Promise<HttpQuestion>),
): Case {
  return {
    name,
    section: '5.6',
    title,
    observe: async (stage) => {
      const asked = typeof question === 'function' ? await question(stage) : question;
      return statusLine(await ask(stage.subject, asked), NOT_FOUND);
    },
    reference: `404 ${NOT_FOUND}`,
    intended: { seen: `404 ${JSON_FORM}`, difference: 'refusals over HTTP' },
  };
}

/**
 * Resolves with whether bytes that are not HTTP get an error before the connection ends. The relay's front decides
 * which error, because a Worker never sees such bytes.
 */
async function answerToGarbage({ subject }: Stage): Promise<Seen> {
  const { protocol, hostname, port } = new URL(subject.httpUrl);
  const isSafe = protocol === 'https:';
  const target = { host: hostname, port: Number(port) || (isSafe ? 443 : 80) };
  const socket = isSafe ? connectTls({ ...target, servername: hostname }) : connectTcp(target);
  try {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(socket, 'end');
    socket.write('what is this\r\n\r\n');
    // Wait for the whole answer, in any number of pieces.
    await within(ended, 'end of the connection after bytes that are not HTTP', subject.patience);
    const [line = ''] = Buffer.concat(chunks).toString('latin1').split('\r\n');
    return /^HTTP\/1\.[01] [45]\d\d( |$)/.test(line) ? 'an error, and the end' : line;
  } finally {
    socket.destroy();
  }
}

export const http: readonly Case[] = [
  notFound('GET /', 'GET / without an upgrade', { path: '/' }),
  notFound('GET /?garbage', 'GET / with a query, without an upgrade', { path: '/?garbage' }),
  notFound('GET /?token', 'GET / with a valid token, without an upgrade', async (stage) => ({
    path: `/?${await stage.token('caller')}`,
  })),
  notFound('PUT', 'PUT /', { method: 'PUT', path: '/' }),
  notFound('DELETE', 'DELETE /', { method: 'DELETE', path: '/' }),
  notFound('OPTIONS', 'OPTIONS /', { method: 'OPTIONS', path: '/' }),
  notFound('GET /foo', 'GET of a path that is not there', { path: '/foo' }),
  notFound('POST /foo', 'POST to a path that is not there', { method: 'POST', path: '/foo' }),
  notFound('POST /metrics', 'POST /metrics', { method: 'POST', path: '/metrics' }),
  notFound('GET /metrics/', 'GET /metrics/ with a slash behind it', { path: '/metrics/' }),
  {
    name: 'HEAD',
    section: '5.6',
    title: 'HEAD /, without a body',
    observe: async (stage) => statusLine(await ask(stage.subject, { method: 'HEAD', path: '/' }), NOT_FOUND),
    reference: '404',
  },
  {
    name: 'not HTTP',
    section: '5.6',
    title: 'bytes that are not HTTP',
    observe: answerToGarbage,
    reference: 'an error, and the end',
  },
];
