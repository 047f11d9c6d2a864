import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Transcript } from './transcript.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('gives the challenge that other implementations of Merlin give', () => {
  const transcript = new Transcript('test protocol');
  transcript.append('some label', 'some data');
  expect(hex(transcript.challenge('challenge', 32))).toBe(
    'd5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615',
  );
});

test('text is its bytes, and where one message ends and the next begins counts', () => {
  const drawn = (...messages: (Uint8Array | string)[]) => {
    const transcript = new Transcript('test');
    for (const each of messages) transcript.append('message', each);
    return hex(transcript.challenge('challenge', 16));
  };
  expect(drawn('ab')).toBe(drawn(Uint8Array.of(0x61, 0x62)));
  expect(drawn('ab', 'c')).not.toBe(drawn('a', 'bc'));
  expect(drawn('ab')).not.toBe(drawn('ab', ''));
});

test('a witness leaves the transcript as it was, and another goes its own way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array(), (message, secret) => {
      const one = new Transcript('test');
      one.append('message', message);
      const [other, third] = [new Transcript(one), new Transcript(one)];
      one.witness('witness', 64, secret, new Uint8Array(32));
      third.append('more', secret);
      const challenge = hex(one.challenge('challenge', 200));
      expect(hex(other.challenge('challenge', 200))).toBe(challenge);
      expect(hex(third.challenge('challenge', 200))).not.toBe(challenge);
    }),
  );
});
