/** The first characters of a stranger's text are enough for people. */
const MAX_TEXT_LENGTH = 200;

type JsonObject = { readonly [name: string]: unknown };

/** A relay's answer to a posted token (PROTOCOL §5.8). */
export interface Explanation {
  /** For people; quotes the relay. */
  readonly detail: string;
  /** Short cause that quotes nobody: `HTTP 401`. */
  readonly cause?: string;
  /** The relay's clock, Unix seconds, if it says so. */
  readonly time?: number;
}

/**
 * Returns what a relay's answer to a posted token says about an upgrade that failed; undefined if the relay does not know
 * this page (404, 405), or if another server answers.
 */
export function explanationOf(status: number, body: string): Explanation | undefined {
  const told = parseObject(body);
  if (status === 200) {
    const time = numberIn(told, 'time');
    return time === undefined ? undefined : { detail: TAKEN, time };
  }
  const error = told === undefined ? undefined : objectOf(told.error);
  const code = textIn(error, 'code');
  const message = textIn(error, 'message');
  // An unknown path is refused in the same form.
  if (status === 404 || status === 405 || code === undefined || message === undefined) return undefined;
  const hint = textIn(error, 'hint');
  const detail = `refused: ${status} ${code}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
  const time = numberIn(error, 'relayTime');
  return { detail, cause: `HTTP ${status}`, ...(time === undefined ? {} : { time }) };
}

/** The relay accepts the token: the refusal came from the twin's object, or from something on the way. */
const TAKEN =
  'no session, although the relay accepts the token: the twin may have too many sessions there, the relay may be busy, or something on the way lets no WebSocket pass';

function parseObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined; // no JSON: another server
  }
}

function objectOf(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function textIn(object: JsonObject | undefined, name: string): string | undefined {
  const value = object?.[name];
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_LENGTH) : undefined;
}

function numberIn(object: JsonObject | undefined, name: string): number | undefined {
  const value = object?.[name];
  return typeof value === 'number' ? value : undefined;
}
