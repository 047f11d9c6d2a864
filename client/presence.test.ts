import { expect, it } from 'vitest';
import { mergePresence } from './presence.ts';

it('takes the answer that says most, and of equal ones the relay that saw the twin last', () => {
  const told = [
    {
      relay: 'a',
      twins: [
        { state: 'away', waiting: 2, seenAt: 5 },
        { state: 'away', waiting: 0, seenAt: 5 },
        { state: 'unavailable', waiting: 0 },
      ],
    },
    {
      relay: 'b',
      twins: [
        { state: 'connected', waiting: 0 },
        { state: 'away', waiting: 1, seenAt: 9 },
        { state: 'unknown', waiting: 0 },
      ],
    },
  ] as const;
  expect(mergePresence([1, 2, 3], told)).toEqual([
    { twin: 1, state: 'connected', relay: 'b', waiting: 0, seenAt: undefined },
    { twin: 2, state: 'away', relay: 'b', waiting: 1, seenAt: new Date(9000) },
    { twin: 3, state: 'unknown', relay: 'b', waiting: 0, seenAt: undefined },
  ]);
  expect(mergePresence([1], [])).toEqual([]);
});
