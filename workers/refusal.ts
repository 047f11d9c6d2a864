import { type CountingEnv, countInWorker } from './worker-counts.ts';

/** Why an HTTP request, or an upgrade, is refused. The code is the metric's label, too. */
type HttpCode = keyof typeof STATUS;

/** The statuses are the Rust relay's wherever it has such a refusal (PROTOCOL §5): programs compare them. */
const STATUS = {
  'missing-token': 400,
  'malformed-token': 401,
  'expired-token': 401,
  'bad-signature': 401,
  'sid-too-long': 401,
  'unknown-twin': 401,
  'too-many-sessions': 429,
  'chain-unreachable': 500,
  'bad-handshake': 500,
  'not-found': 404,
  'operator-token': 401,
  internal: 500,
} as const;

/** A refusal for people and programs: `message` in the Rust relay's words where it has some, `hint` says what to do. */
export interface HttpRefusal {
  readonly code: HttpCode;
  readonly message: string;
  readonly hint?: string;
  /** What was measured: seconds, ids, limits. */
  readonly details?: { readonly [name: string]: number | string };
}

/** The answer: JSON `{ "error": { "code", "message", … } }` with the code's status. It is counted by its code. */
export function refuse(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>, refusal: HttpRefusal): Response {
  const { code, message, hint, details } = refusal;
  countInWorker(env, ctx, 'relay_refused_requests_total', code);
  const error = { code, message, ...(hint === undefined ? {} : { hint }), ...details };
  return Response.json({ error }, { status: STATUS[code], headers: { 'cache-control': 'no-store' } });
}
