import { expect, it } from 'vitest';
import { mayHaveLeft } from './left.ts';

const own = ['relay.example'];

it('wakes an object only for a twin of this relay that names another relay now', () => {
  expect(mayHaveLeft('relay.example', 'other.example', own)).toBe(true);
  expect(mayHaveLeft('a.example_relay.example', 'other.example', own)).toBe(true);
  expect(mayHaveLeft('relay.example', 'relay.example_other.example', own)).toBe(true);
});

it('lets the objects of all others sleep', () => {
  expect(mayHaveLeft(undefined, 'other.example', own)).toBe(false);
  expect(mayHaveLeft(null, 'other.example', own)).toBe(false);
  expect(mayHaveLeft('a.example', 'other.example', own)).toBe(false);
  expect(mayHaveLeft('relay.example', 'relay.example', own)).toBe(false);
  expect(mayHaveLeft('relay.example_other.example', 'relay.example', own)).toBe(false);
  expect(mayHaveLeft('relay.example', null, own)).toBe(false);
  expect(mayHaveLeft('relay.example', 'other.example', [])).toBe(false);
});
