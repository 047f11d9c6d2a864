import { type HttpRefusal, statusOf } from './refusal.ts';
import { type CountingEnv, countRefusal } from './worker-counts.ts';

/** When what was answered 503 may come again, seconds. */
const RETRY_AFTER = '5';

/** The answer: JSON `{ "error": { "code", "message", … } }` with the code's status. It is counted by its code. */
export function refuse(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>, refusal: HttpRefusal): Response {
  const { code, message, hint, details } = refusal;
  countRefusal(env, ctx, 'relay_refused_requests_total', code);
  const error = { code, message, ...(hint === undefined ? {} : { hint }), ...details };
  const status = statusOf(code);
  const headers: Record<string, string> = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  if (status === 503) headers['retry-after'] = RETRY_AFTER;
  return Response.json({ error }, { status, headers });
}
