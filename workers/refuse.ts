import { type HttpRefusal, refusalResponse } from './refusal.ts';
import { type CountingEnv, countRefusal } from './worker-counts.ts';

/** The answer, counted by its code. */
export function refuse(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>, refusal: HttpRefusal): Response {
  countRefusal(env, ctx, 'relay_refused_requests_total', refusal.code);
  return refusalResponse(refusal);
}
