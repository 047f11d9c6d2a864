import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { programEnvironment } from './program-environment.ts';

const request = {
  uid: 'u',
  source: '6:a',
  command: 'c',
  tags: null,
  schema: null,
  now: 100,
  isEncrypted: false,
  expiration: 60,
};

it('tells of the request, and nothing of our settings or of another request', () => {
  const parent = { PATH: '/bin', RMB_MNEMONIC: 'words', RMB_CONFIG: 'file', RMB_TAGS: 'of another' };
  expect(programEnvironment({ ...request, schema: 'text/plain' }, parent)).toEqual({
    PATH: '/bin',
    RMB_COMMAND: 'c',
    RMB_UID: 'u',
    RMB_SOURCE: '6:a',
    RMB_TIMESTAMP: '100',
    RMB_EXPIRES: '160',
    RMB_TAGS: '',
    RMB_SCHEMA: 'text/plain',
    RMB_ENC: 'false',
  });
});

it('leaves out what no environment can hold', () => {
  const odd = { ...request, uid: 'a\0b', tags: 'x'.repeat(200_000) };
  const env = programEnvironment(odd, { RMB_UID: 'of another' });
  expect(env).not.toHaveProperty('RMB_UID');
  expect(env).not.toHaveProperty('RMB_TAGS');
});

it('starts a program whatever the request says', () => {
  const long = fc.integer({ min: 30_000, max: 200_000 }).map((length) => 'é'.repeat(length));
  const text = fc.oneof(fc.string(), fc.constant('a\0b'), long);
  const odd = fc.record({ uid: text, source: text, command: text, tags: text, schema: text });
  fc.assert(
    fc.property(odd, (fields) => {
      const env = programEnvironment({ ...request, ...fields }, process.env);
      expect(spawnSync('true', { env })).toMatchObject({ status: 0 });
    }),
    { numRuns: 10 },
  );
});
