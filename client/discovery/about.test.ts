import { expect, it } from 'vitest';
import { z } from 'zod';
import type { StandardSchema } from '../serving/typed/standard-schema.ts';
import { aboutOf } from './about.ts';

const handler = () => 1;
/** A schema of a library that tells none. */
const silent: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };

it('tells the schemas of a library that has a form in JSON for them: what is sent, and what comes', () => {
  const text = z.string().transform(Number).pipe(z.number());
  expect(aboutOf({ in: z.object({ n: text }), out: text }, handler)).toEqual({
    in: { type: 'object', properties: { n: { type: 'string' } }, required: ['n'] },
    out: { type: 'number' },
  });
});

it('says that there is a schema, if it has no form in JSON', () => {
  expect(aboutOf({ in: silent, out: z.date() }, handler)).toEqual({ in: true, out: true });
});

it('tells of a stream: an async generator, or what its program says', () => {
  const count = async function* () {
    yield 1;
  };
  expect(aboutOf({}, handler)).toEqual({});
  expect(aboutOf({}, count)).toEqual({ stream: true });
  expect(aboutOf({ stream: true }, handler)).toEqual({ stream: true });
  expect(aboutOf({ stream: false }, count)).toEqual({});
});

it('tells the summary, and cuts a long one', () => {
  expect(aboutOf({ summary: 'pays' }, handler)).toEqual({ summary: 'pays' });
  expect(aboutOf({ summary: 'x'.repeat(500) }, handler).summary).toHaveLength(200);
});
