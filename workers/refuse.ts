import { type CountingEnv, workerCount } from './operator/worker-counts.ts';
import { type HttpRefusal, refusalResponse } from './refusal.ts';

/** Returns the response of a refusal, and counts it by its code. */
export function refuse(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>, refusal: HttpRefusal): Response {
  workerCount(env, ctx)('relay_refused_requests_total', 1, refusal.code);
  return refusalResponse(refusal);
}
