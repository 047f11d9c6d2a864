import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest, readResponse, writeCommand, writeReply } from './json.ts';

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
      },
    });
  });

  it('says where a broken request can be answered', () => {
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

  it('never throws, whatever lies in the queue', () => {
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

  it('refuses a destination that is none, and an error without its message', () => {
    for (const bad of [{ dst: 'x' }, { dst: '-1' }, { dst: 7 }, { err: { code: 1 } }, { now: undefined }]) {
      expect(readResponse(JSON.stringify({ ...response, ...bad })).ok).toBe(false);
    }
  });
});

describe('what the peer writes', () => {
  it('has all fields in the Rust peer’s order', () => {
    const entry = { data: new Uint8Array([1]), source: '3:s', schema: null, now: 5 };
    expect(writeReply({ ...entry, ref: null, error: { code: 1, message: 'm' } })).toBe(
      '{"ver":1,"ref":null,"dat":"AQ==","src":"3:s","shm":null,"now":5,"err":{"code":1,"message":"m"}}',
    );
    expect(writeCommand({ ...entry, uid: 'u', command: 'c', expiration: 9, tags: null }, 'r')).toBe(
      '{"ver":1,"ref":"u","src":"3:s","cmd":"c","exp":9,"dat":"AQ==","tag":null,"ret":"r","shm":null,"now":5}',
    );
  });
});
