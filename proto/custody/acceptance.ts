/** The capability in a token (`cap`) by which a client offers custody. */
export const OFFER = 'custody.1';
/** The keep-alive: the platform answers it while the relay's object sleeps. */
export const KEEP_ALIVE = { ask: 'ping', answer: 'pong' } as const;

/** How much may be unacknowledged on one connection, in each direction. One envelope alone may be larger. */
export interface Window {
  readonly messages: number;
  readonly bytes: number;
}

/** What this project’s relay grants. All sessions of an object together have less (docs/custody.md). */
export const WINDOW: Window = { messages: 1024, bytes: 4 * 2 ** 20 };

/** A relay's first frame, when it accepts custody. */
export interface Acceptance {
  /** The epoch of the relay's object. */
  readonly epoch: number;
  readonly window: Window;
}

/** Returns the text frame of an acceptance. */
export function acceptanceText({ epoch, window: { messages, bytes } }: Acceptance): string {
  return JSON.stringify({ custody: 1, epoch, window: { messages, bytes } });
}

/** Parses a text frame; undefined when it is no acceptance of this version. */
export function readAcceptance(text: string): Acceptance | undefined {
  // An acceptance has less than 100 characters. A longer text is not parsed.
  if (text.length > 1024) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value.custody !== 1 || !isObject(value.window)) return undefined;
  const { epoch } = value;
  const { messages, bytes } = value.window;
  return isCount(epoch, 0) && isCount(messages, 1) && isCount(bytes, 1)
    ? { epoch, window: { messages, bytes } }
    : undefined;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 0xffff_ffff;
}
