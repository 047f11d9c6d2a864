/** Why an HTTP request or an upgrade is refused. The code is also the label of the metric. */
type HttpCode = keyof typeof STATUS;

/**
 * The statuses are those of the Rust relay where it has the same refusal (PROTOCOL §5), because programs compare them. To
 * a Rust relay that federates, any 4xx is final, so a temporary failure must be a 5xx.
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
  'too-many-strangers': 429,
  'chain-unreachable': 500,
  'bad-handshake': 500,
  'not-found': 404,
  'operator-token': 401,
  loop: 421,
  'too-large': 400,
  'cut-body': 503,
  'not-an-envelope': 400,
  'not-a-batch': 400,
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
  'relay-version': 503,
  overloaded: 503,
  busy: 503,
  internal: 500,
} as const;

/** A refusal for people and programs. `message` is the Rust relay's text where it has one; `hint` says what to do. */
export interface HttpRefusal {
  readonly code: HttpCode;
  readonly message: string;
  readonly hint?: string;
  /** Measured values: seconds, ids, limits. */
  readonly details?: { readonly [name: string]: number | string };
  /** When the request may come again, seconds. Absent: after 5 s if the status is 503. */
  readonly retryAfter?: number;
}

/** Returns the status of a refusal. */
export function statusOf(code: HttpCode): (typeof STATUS)[HttpCode] {
  return STATUS[code];
}

/** When a request that got a 503 may come again, seconds. */
const RETRY_AFTER = 5;

/**
 * Returns the response: JSON `{ "error": { "code", "message", … } }` with the status of the code. It may quote a
 * stranger's text, so a browser must not take it for a page.
 */
export function refusalResponse({ code, message, hint, details, retryAfter }: HttpRefusal): Response {
  const error = { code, message, ...(hint === undefined ? {} : { hint }), ...details };
  const status = statusOf(code);
  const headers: Record<string, string> = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  const seconds = retryAfter ?? (status === 503 ? RETRY_AFTER : undefined);
  if (seconds !== undefined) headers['retry-after'] = String(seconds);
  return Response.json({ error }, { status, headers });
}
