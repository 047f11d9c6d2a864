import { expect, it } from 'vitest';
import { refusalResponse } from './refusal.ts';

it('a refusal is no page for a browser and is not cached', () => {
  const { headers } = refusalResponse({ code: 'not-an-envelope', message: 'bad request: <script>' });
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
});
