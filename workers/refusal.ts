/** Why an HTTP request, or an upgrade, is refused. The code is the metric's label, too. */
type HttpCode = keyof typeof STATUS;

/**
 * The statuses are the Rust relay's wherever it has such a refusal (PROTOCOL §5): programs compare them. To a Rust
 * relay that brings a message, any 4xx is final; what may pass later must be a 5xx.
 */
const STATUS = {
  'missing-token': 400,
  'malformed-token': 401,
  'expired-token': 401,
  'long-token': 401,
  'early-token': 401,
  'other-audience': 401,
  'bad-signature': 401,
  'sid-too-long': 401,
  'unknown-twin': 401,
  'too-many-sessions': 429,
  'chain-unreachable': 500,
  'bad-handshake': 500,
  'not-found': 404,
  'operator-token': 401,
  loop: 421,
  'too-large': 400,
  'cut-body': 503,
  'not-an-envelope': 400,
  'source-missing': 403,
  'unknown-source': 403,
  'envelope-signature': 403,
  seal: 403,
  implausible: 403,
  expired: 410,
  'destination-missing': 404,
  'unknown-destination': 404,
  offline: 404,
  'budget-spent': 503,
  'lookup-failed': 503,
  'mailbox-full': 503,
  'mailbox-share': 503,
  'large-bodies': 503,
  'slow-body': 503,
  undelivered: 503,
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

/** The status of a refusal. */
export function statusOf(code: HttpCode): (typeof STATUS)[HttpCode] {
  return STATUS[code];
}

/** When what was answered 503 may come again, seconds. */
const RETRY_AFTER = '5';

/**
 * Returns the answer: JSON `{ "error": { "code", "message", … } }` with the code's status. It may quote what a stranger
 * sent, so a browser must not take it for a page.
 */
export function refusalResponse({ code, message, hint, details }: HttpRefusal): Response {
  const error = { code, message, ...(hint === undefined ? {} : { hint }), ...details };
  const status = statusOf(code);
  const headers: Record<string, string> = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  if (status === 503) headers['retry-after'] = RETRY_AFTER;
  return Response.json({ error }, { status, headers });
}
