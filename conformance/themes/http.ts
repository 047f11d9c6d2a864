import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Case } from '../case.ts';
import { ask, type HttpQuestion, JSON_FORM, statusLine } from '../http.ts';
import { within } from '../session.ts';
import type { Stage } from '../stage.ts';

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
    meant: { seen: `404 ${JSON_FORM}`, difference: 'refusals over HTTP' },
  };
}

/** What a relay answers to bytes that are no HTTP: its first line. */
async function answerToGarbage({ subject }: Stage): Promise<string> {
  const { protocol, hostname, port } = new URL(subject.httpUrl);
  const isSafe = protocol === 'https:';
  const target = { host: hostname, port: Number(port) || (isSafe ? 443 : 80) };
  const socket = isSafe ? connectTls({ ...target, servername: hostname }) : connectTcp(target);
  try {
    socket.write('what is this\r\n\r\n');
    const [bytes] = await within(once(socket, 'data'), 'answer to bytes that are not HTTP', subject.patience);
    const [head = '', body = ''] = String(bytes).split('\r\n\r\n');
    const status = head.split(' ')[1] ?? '';
    return [
      status,
      /\r\nconnection: close/i.test(head) ? 'closes' : 'stays',
      body === '' ? 'empty' : 'with a body',
    ].join(', ');
  } finally {
    socket.destroy();
  }
}

export const http: readonly Case[] = [
  notFound('GET /', 'GET / without an upgrade', { path: '/' }),
  notFound('GET /?garbage', 'GET / with a query, without an upgrade', { path: '/?garbage' }),
  notFound('GET /?token', 'GET / with a good token, without an upgrade', async (stage) => ({
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
    reference: '400, closes, empty',
    meant: { seen: '501, closes, with a body', difference: 'bytes that are not HTTP' },
  },
];
