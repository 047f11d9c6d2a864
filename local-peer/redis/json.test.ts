import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest, readResponse, writeCommand, writeReply } from './json.ts';

/** Every sentence about malformed entries: no library's text is among them. */
const SECONDS = 'a whole number of seconds, 0 or more';
const KNOWN = [
  /^not JSON$/,
  /^entry: must be a JSON object$/,
  /^(ver|cmd|exp|dat|dst|ret|now|err\.code|err\.message): is missing$/,
  /^ver: must be a number$/,
  /^(cmd|dat|ret|err\.message|dst): must be text$/,
  /^(ref|tag|shm): must be text or null$/,
  new RegExp(`^(exp|now): must be ${SECONDS}$`),
  /^dst: must be a list of 1 to 1024 twin ids$/,
  /^dst\.\d+: must be a twin id$/,
  /^sts: must be true, or a name of 16 to 64 letters, digits, - and _$/,
  /^dst: must be a twin, as 7 or 7:session$/,
  /^dat is not base64$/,
  /^err: must be an object with code and message, or null$/,
  /^(stream|more): must be true or false$/,
  /^seq: is missing, beside more$/,
  /^(err\.code|seq): must be a whole number from 0 to 4294967295$/,
];

const request = { ver: 1, cmd: 'c', exp: 60, dat: 'aGVsbG8=', dst: [2], ret: 'replies', now: 5 };

describe('readRequest', () => {
  it('reads what programs write; what may be absent is null', () => {
    expect(readRequest(JSON.stringify(request))).toEqual({
      ok: true,
      value: {
        ref: null,
        command: 'c',
        expiration: 60,
        data: Buffer.from('hello'),
        tags: null,
        destinations: [2],
        replyTo: 'replies',
        schema: null,
        now: 5,
        isStream: false,
      },
    });
  });

  it.each([
    [undefined, undefined],
    [null, undefined],
    [true, true],
    ['1b2c3d4e-5f60', 'refused'],
    ['1b2c3d4e-5f60-4a7b', '1b2c3d4e-5f60-4a7b'],
    ['a'.repeat(64), 'a'.repeat(64)],
    ['a'.repeat(65), 'refused'],
    ['status.of.a.service', 'refused'],
    [false, 'refused'],
  ])('reads sts %j, the name of its status, as %j', (sts, status) => {
    const read = readRequest(JSON.stringify({ ...request, sts }));
    expect(read.ok ? read.value.status : 'refused').toBe(status);
  });

  it('returns where a malformed request can be answered', () => {
    const broken = JSON.stringify({ ...request, ref: 'r', exp: 'soon' });
    expect(readRequest(broken)).toMatchObject({ ok: false, error: { replyTo: { queue: 'replies', ref: 'r' } } });
    expect(readRequest(JSON.stringify({ ...request, ret: 5 }))).toMatchObject({ ok: false });
    expect(readRequest('{"ret":""}')).not.toHaveProperty('error.replyTo');
  });

  it.each(['a', 'aGVsbG8', 'aGVsbG8 =', '*', 'aGVsbG8=='])('refuses %j as base64', (dat) => {
    expect(readRequest(JSON.stringify({ ...request, dat }))).toMatchObject({ error: { fault: { reason: 'payload' } } });
  });

  it('takes any bytes as payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const read = readRequest(JSON.stringify({ ...request, dat: Buffer.from(bytes).toString('base64') }));
        expect(read.ok && Buffer.compare(read.value.data, bytes)).toBe(0);
      }),
    );
  });

  it('takes a payload of many megabytes', () => {
    const dat = Buffer.alloc(24 * 2 ** 20, 7).toString('base64');
    expect(readRequest(JSON.stringify({ ...request, dat })).ok).toBe(true);
  });

  it.each([
    ['no destination', { dst: [] }, 'dst: must be a list of 1 to 1024 twin ids'],
    ['a destination that is no list', { dst: 7 }, 'dst: must be a list of 1 to 1024 twin ids'],
    ['a destination that is no twin', { dst: [7, 'x'] }, 'dst.1: must be a twin id'],
    ['a ret that is no text', { ret: 5 }, 'ret: must be text'],
    ['no time', { now: undefined }, 'now: is missing'],
    ['a time of half a second', { now: 0.5 }, `now: must be ${SECONDS}`],
    ['a tag that is a list', { tag: [] }, 'tag: must be text or null'],
  ])('describes a wrong field: %s', (_, fields, detail) => {
    expect(readRequest(JSON.stringify({ ...request, ...fields }))).toMatchObject({
      error: { fault: { reason: 'message', detail } },
    });
  });

  it('describes any malformed entry with one of a closed list of sentences', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, -1, 0.5, 2 ** 53, 2 ** 32, '', 'x', [], {}));
    const response = { ver: 1, ref: 'uid', dat: '', dst: '7', now: 5, err: { code: 1, message: 'm' } };
    const broken = (whole: object, fields: readonly string[]) =>
      fc
        .dictionary(fc.constantFrom(...fields), value, { minKeys: 1 })
        .map((wrong) => JSON.stringify({ ...whole, ...wrong }));
    const entry = fc.oneof(
      fc.string(),
      fc.json(),
      broken(request, [...Object.keys(request), 'ref', 'tag', 'shm', 'stream']),
      broken(response, [...Object.keys(response), 'more', 'seq']),
      fc.tuple(value, value).map(([code, message]) => JSON.stringify({ ...response, err: { code, message } })),
      fc.array(value).map((dst) => JSON.stringify({ ...request, dst })),
    );
    fc.assert(
      fc.property(entry, (text) => {
        for (const read of [readRequest(text), readResponse(text)]) {
          if (read.ok) continue;
          const { fault } = read.error;
          const detail = 'detail' in fault ? fault.detail : '';
          expect(
            KNOWN.some((sentence) => sentence.test(detail)),
            detail,
          ).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, for any text in the queue', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (entry) => {
        expect(readRequest(entry).ok).toBe(false);
        expect(readResponse(entry).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('readResponse', () => {
  const response = { ver: 1, ref: 'uid', dat: '', dst: '7', now: 5 };

  it('reads a destination with its session', () => {
    const destinations = ['7', '7:sid', '7:'].map((dst) => readResponse(JSON.stringify({ ...response, dst })));
    expect(destinations).toMatchObject([
      { value: { destination: { twin: 7 }, error: null } },
      { value: { destination: { twin: 7, connection: 'sid' } } },
      { value: { destination: { twin: 7, connection: '' } } },
    ]);
  });

  it.each([
    [{}, undefined],
    [{ more: false, seq: null }, undefined],
    [
      { more: true, seq: 0 },
      { seq: 0, isLast: false },
    ],
    [{ seq: 3 }, { seq: 3, isLast: true }],
  ])('reads the place %j of a reply in a stream', (fields, part) => {
    const read = readResponse(JSON.stringify({ ...response, ...fields }));
    expect(read.ok && read.value.part).toEqual(part);
  });

  it('refuses a reply that others follow without its number', () => {
    const read = readResponse(JSON.stringify({ ...response, more: true }));
    expect(read).toMatchObject({ error: { fault: { detail: 'seq: is missing, beside more' } } });
  });

  it('refuses an invalid destination, and an error without its message', () => {
    for (const bad of [{ dst: 'x' }, { dst: '-1' }, { dst: 7 }, { err: { code: 1 } }, { now: undefined }]) {
      expect(readResponse(JSON.stringify({ ...response, ...bad })).ok).toBe(false);
    }
  });
});

describe('a ret that is a list of the peer itself', () => {
  it.each(['msgbus.system.local', 'msgbus.system.reply', 'msgbus.backlog.x'])(
    '%s is refused, and gets no reply either',
    (ret) => {
      for (const broken of [{}, { exp: -1 }]) {
        const read = readRequest(JSON.stringify({ ...request, ret, ...broken }));
        expect(read.ok ? undefined : read.error.fault).toMatchObject({ reason: 'message' });
        expect(read.ok ? undefined : read.error.replyTo).toBeUndefined();
      }
    },
  );
});

describe('what the peer writes', () => {
  it('has all fields in the Rust peer’s order', () => {
    const entry = { data: new Uint8Array([1]), source: '3:s', schema: null, now: 5 };
    expect(writeReply({ ...entry, ref: null, error: { code: 1, message: 'm' } })).toBe(
      '{"ver":1,"ref":null,"dat":"AQ==","src":"3:s","shm":null,"now":5,"err":{"code":1,"message":"m"}}',
    );
    expect(writeReply({ ...entry, ref: null, error: null, part: { seq: 2, isLast: false } })).toMatch(
      /,"err":null,"more":true,"seq":2}$/,
    );
    expect(writeCommand({ ...entry, uid: 'u', command: 'c', expiration: 9, tags: null, isEncrypted: true }, 'r')).toBe(
      '{"ver":1,"ref":"u","src":"3:s","cmd":"c","exp":9,"dat":"AQ==","tag":null,"ret":"r","shm":null,"now":5,"enc":true}',
    );
  });
});
