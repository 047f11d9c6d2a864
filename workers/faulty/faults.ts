import { z } from 'zod';

/** How a call fails. `…-before`: it never runs. `…-after`: it runs, and its caller does not learn that. */
const KINDS = {
  overloaded: {
    runs: false,
    message: 'Durable Object is overloaded. Too many requests queued.',
    flags: ['overloaded'],
  },
  'lost-before': { runs: false, message: 'Network connection lost.', flags: ['retryable'] },
  'lost-after': { runs: true, message: 'Network connection lost.', flags: ['retryable'] },
  memory: {
    runs: true,
    message: "Durable Object's isolate exceeded its memory limit and was reset.",
    flags: ['overloaded', 'durableObjectReset', 'remote'],
  },
  updated: {
    runs: false,
    message: 'Durable Object reset because its code was updated.',
    flags: ['durableObjectReset'],
  },
  slow: {
    runs: true,
    message: 'Durable Object storage operation exceeded timeout which caused object to be reset.',
    flags: ['durableObjectReset', 'remote'],
  },
  'storage-full': { runs: false, message: 'database or disk is full: SQLITE_FULL', flags: ['remote'] },
} as const;

/** A fault: the calls of this name fail that go to this object, `times` of them and each `every`th. */
const plan = z.object({
  call: z.enum(['deliver', 'fetch', 'receipts', 'snapshot', 'status', 'setAlarm', 'exec']),
  object: z.string(),
  kind: z.enum(['overloaded', 'lost-before', 'lost-after', 'memory', 'updated', 'slow', 'storage-full']),
  times: z.number().default(Number.MAX_SAFE_INTEGER),
  every: z.number().default(1),
});

/** The body of `PUT /faults`. */
export const plans = z.array(plan);

type Call = z.infer<typeof plan>['call'];
type Plan = z.infer<typeof plan> & { calls: number; failed: number };

// All objects of a local workerd share one isolate, so these are the faults of the whole relay.
let current: Plan[] = [];

/** Replaces all faults. */
export function setFaults(next: z.infer<typeof plans>): void {
  current = next.map((each) => ({ ...each, calls: 0, failed: 0 }));
}

/** Returns how many calls of each fault there were, and how many of them failed. */
export function usedFaults(): { readonly calls: number; readonly failed: number }[] {
  return current.map(({ calls, failed }) => ({ calls, failed }));
}

/** Does a call, or fails it as the platform would. */
export async function failing<T>(call: Call, object: string, run: () => Promise<T>): Promise<T> {
  const kind = nextFault(call, object);
  if (kind === undefined) return await run();
  if (KINDS[kind].runs) await run();
  throw platformError(kind);
}

/** Throws if a call of an object's own storage is to fail. */
export function failNow(call: Call, object: string): void {
  const kind = nextFault(call, object);
  if (kind !== undefined) throw platformError(kind);
}

function nextFault(call: Call, object: string): Plan['kind'] | undefined {
  const found = current.find((each) => each.call === call && each.object === object);
  if (found === undefined) return undefined;
  found.calls += 1;
  if (found.failed >= found.times || found.calls % found.every !== 0) return undefined;
  found.failed += 1;
  return found.kind;
}

function platformError(kind: Plan['kind']): Error {
  const { message, flags } = KINDS[kind];
  return Object.assign(new Error(message), Object.fromEntries(flags.map((flag) => [flag, true])));
}
