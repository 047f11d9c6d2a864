import { once } from 'node:events';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Case } from '../case.ts';
import { compare, endOrEcho, passes, silenceAfter, unlessEnded } from '../stage/dialogue.ts';
import { request, response } from '../stage/envelopes.ts';
import { within } from '../stage/session.ts';
import type { Stage } from '../stage/stage.ts';

/** Returns a case of a frame that makes the relay close the connection. */
function closing(name: string, title: string, frame: string | Uint8Array, code: number): Case {
  return {
    name,
    section: '6.1',
    title,
    observe: async (stage) => {
      const session = await stage.open('caller');
      session.send(frame);
      return endOrEcho(session, request(session.address, session.address));
    },
    reference: 'closed 1005',
    intended: { seen: `closed ${code} with a reason`, difference: 'text or undecodable frame' },
  };
}

/** Returns a case of bytes that must reach the callee's session unchanged. */
function verbatim(name: string, title: string, frameOf: (stage: Stage, envelope: Uint8Array) => Uint8Array): Case {
  return {
    name,
    section: '6.6',
    title,
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      return passes(from, to, frameOf(stage, encodeEnvelope(request(from.address, to.address))));
    },
    reference: 'the very bytes',
  };
}

/** Field 30, which nobody knows: three bytes. */
const UNKNOWN_FIELD = Uint8Array.of(0xf2, 0x01, 0x03, 1, 2, 3);

const closings: readonly Case[] = [
  closing('text', 'a text frame closes the connection', 'hello', 1003),
  closing('empty text', 'an empty text frame closes the connection', '', 1003),
  closing('garbage', 'garbage closes the connection', Uint8Array.of(255, 255, 255, 255), 1007),
  closing('truncated', 'a truncated envelope closes the connection', Uint8Array.of(10, 5, 97), 1007),
  closing('not UTF-8', 'a uid that is not UTF-8 closes the connection', Uint8Array.of(10, 2, 0xc3, 0x28), 1007),
  {
    name: 'garbage behind',
    section: '6.1',
    title: 'garbage right behind a valid frame closes the connection',
    observe: async (stage) => {
      const session = await stage.open('caller');
      // A response to nobody: nothing comes of it, so the race with the close does not matter.
      session.send(response(session.address, { twin: 0 }));
      session.send(Uint8Array.of(255, 255, 255, 255));
      return endOrEcho(session, request(session.address, session.address));
    },
    reference: 'closed 1005',
    intended: { seen: 'closed 1007 with a reason', difference: 'text or undecodable frame' },
  },
  {
    name: 'empty',
    section: '6.1',
    title: 'an empty frame is an empty envelope: nothing comes, the session stays open',
    observe: async (stage) => {
      const session = await stage.open('caller');
      return silenceAfter(session, new Uint8Array(0), request(session.address, { twin: 0 }));
    },
    reference: 'nothing',
  },
];

/** Returns a case of a valid envelope over the bounds of RMB edge, which no honest sender writes. */
function overBounds(name: string, title: string, fields: Partial<Envelope>): Case {
  return {
    name,
    section: '6.1',
    title,
    observe: async (stage) => {
      const session = await stage.open('caller');
      session.send(response(session.address, { twin: 0 }, fields));
      return endOrEcho(session, request(session.address, session.address));
    },
    reference: 'goes on',
    intended: { seen: 'closed 1007 with a reason', difference: 'envelope with too much beside its payload' },
  };
}

const bounds: readonly Case[] = [
  overBounds('33 relays', 'an envelope of 33 relays closes the connection', { relays: Array(33).fill('') }),
  overBounds('long texts', 'an envelope of more than 64 KiB beside its payload closes the connection', {
    tags: 'x'.repeat(65_536),
  }),
];

const handshakes: readonly Case[] = [
  {
    name: 'WebSocket ping',
    section: '6.14',
    title: 'a WebSocket ping is answered with its bytes',
    observe: async (stage) => {
      const { socket } = await stage.open('caller');
      const pong = once(socket, 'pong');
      socket.ping('abc');
      const [data] = await within(pong, 'WebSocket pong', stage.subject.patience);
      return String(data);
    },
    reference: 'abc',
  },
  {
    name: 'text ping',
    section: '6.14',
    title: 'the text ping is answered with the text pong',
    observe: async (stage) => {
      const session = await stage.open('caller');
      session.send('ping');
      return unlessEnded(
        session,
        session.nextBytes().then((bytes) => String(Buffer.from(bytes))),
      );
    },
    reference: 'closed 1005',
    intended: { seen: 'pong', difference: 'text frame ping' },
  },
  ...[1000, 4000].map(
    (code): Case => ({
      name: `close ${code}`,
      section: '6.14',
      title: `a close with ${code} is answered with its code and reason`,
      observe: async (stage) => {
        const session = await stage.open('caller');
        session.socket.close(code, 'done');
        const end = await session.ended();
        return [end.code, end.reason];
      },
      reference: [code, 'done'],
    }),
  ),
];

const verbatims: readonly Case[] = [
  verbatim('unsigned', 'an unsigned request is forwarded: a relay checks no signature', (_, envelope) => envelope),
  verbatim('unknown field', 'unknown fields are forwarded', (_, envelope) => Buffer.concat([envelope, UNKNOWN_FIELD])),
  verbatim('field order', 'fields in another order keep that order', (_, envelope) =>
    Buffer.concat([UNKNOWN_FIELD, envelope]),
  ),
  {
    name: 'expired',
    section: '6.6',
    title: 'a request expired by 1000 s is forwarded to a connected session',
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      const fields = { timestamp: BigInt(Math.floor(Date.now() / 1000) - 1010), expiration: 10n };
      return passes(from, to, request(from.address, to.address, fields));
    },
    reference: 'the very bytes',
  },
  {
    name: 'fragmented',
    section: '6.6',
    title: 'a message in fragments arrives whole',
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      const bytes = encodeEnvelope(request(from.address, to.address));
      from.socket.send(bytes.subarray(0, 5), { binary: true, fin: false });
      from.socket.send(bytes.subarray(5, 9), { binary: true, fin: false });
      from.socket.send(bytes.subarray(9), { binary: true, fin: true });
      return compare(bytes, await to.nextBytes());
    },
    reference: 'the very bytes',
  },
  {
    name: 'large numbers',
    section: '6.6',
    title: 'times of 64 bits are forwarded',
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      const fields = { timestamp: 0xffff_ffff_ffff_fffen, expiration: 0xffff_ffff_ffff_ffffn };
      return passes(from, to, request(from.address, to.address, fields));
    },
    reference: 'the very bytes',
  },
];

export const frames: readonly Case[] = [...closings, ...bounds, ...handshakes, ...verbatims];
