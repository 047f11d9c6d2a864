import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyEnvelope } from '../../test/rig/envelopes/any-envelope.ts';
import type { Envelope } from '../envelope/envelope-codec.ts';
import { canonical } from './canonical.ts';

const bytesOf = (envelope: Envelope, tags = envelope.tags) => Buffer.concat(canonical(envelope, tags));
const bare: Envelope = { uid: 'u', timestamp: 1n, expiration: 2n, relays: [] };

/** Decodes the fields behind the prefix: tag and bytes of each. */
function fieldsOf(form: Buffer): [tag: number, bytes: Buffer][] {
  const fields: [number, Buffer][] = [];
  let at = 'rmb-envelope-2'.length;
  while (at < form.length) {
    const length = Number(form.readBigUInt64BE(at + 1));
    fields.push([form.readUInt8(at), form.subarray(at + 9, at + 9 + length)]);
    at += 9 + length;
  }
  return fields;
}

describe('canonical', () => {
  it('has the prefix, and each present field once in order', () => {
    expect(bytesOf(bare).toString('latin1', 0, 14)).toBe('rmb-envelope-2');
    expect(fieldsOf(bytesOf(bare)).map(([tag, bytes]) => [tag, bytes.toString()])).toEqual([
      [1, 'u'],
      [3, '1'],
      [4, '2'],
      [5, '0'],
      [7, '0'],
      [9, ''],
    ]);
  });

  it('tells an absent field from an empty one', () => {
    const forms = [bare, { ...bare, tags: '' }, { ...bare, schema: '' }, { ...bare, relays: [''] }].map((each) => {
      return bytesOf(each).toString('hex');
    });
    expect(new Set(forms).size).toBe(4);
  });

  it('is decoded to all fields, whatever their lengths are', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        const fields = fieldsOf(bytesOf(envelope));
        const of = (tag: number) => fields.filter(([each]) => each === tag).map(([, bytes]) => bytes.toString());
        const text = (value: string | undefined) => (value === undefined ? [] : [Buffer.from(value).toString()]);
        expect(of(1)).toEqual(text(envelope.uid));
        expect(of(2)).toEqual(text(envelope.tags));
        const { content, payload } = envelope;
        expect(of(9)).toEqual([content?.kind ?? '']);
        expect(of(10)).toEqual(text(content?.kind === 'request' ? content.command : undefined));
        expect(of(12)).toEqual(text(content?.kind === 'error' ? content.message : undefined));
        expect(of(13)).toEqual(text(envelope.schema));
        expect(of(14)).toEqual(text(envelope.federation));
        const [body] = fields.filter(([tag]) => tag === 16);
        expect(body?.[1].toString('hex')).toBe(payload && Buffer.from(payload.bytes).toString('hex'));
        expect(of(17)).toEqual(envelope.relays.map((relay) => Buffer.from(relay).toString()));
      }),
    );
  });
});
