import { expect, it } from 'vitest';
import { refusalResponse } from './refusal.ts';

it('a refusal is never taken for a page, nor kept by a cache', () => {
  const { headers } = refusalResponse({ code: 'not-an-envelope', message: 'bad request: <script>' });
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
});
