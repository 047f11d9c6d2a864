import { z } from 'zod';
import { plain } from '../plain.ts';

/** Pages of a relay; the Rust relay has only `/metrics`. */
const PAGES = ['/version', '/healthz', '/readyz', '/metrics'] as const;
/** Round trips that are measured over an open connection. */
const ROUNDS = 5;

const said = z.string().transform(plain);
const version = z.object({ name: said, version: said, domains: z.array(said) });
const readiness = z.object({ status: z.string(), detail: said.optional() });

/** Answer to one page. */
interface Page {
  readonly status: number;
  readonly body: string;
}

/** A relay's report on itself. */
export interface RelayReport {
  /** Path → HTTP status; 404 is a page that the relay does not have. */
  readonly pages: Readonly<Record<string, number>>;
  /** Absent if the relay has no `/version`, as the Rust relay. */
  readonly version: z.infer<typeof version> | undefined;
  /** Whether the relay is ready; undefined if it does not say. */
  readonly isReady: boolean | undefined;
  /** Why the relay is not ready. */
  readonly detail: string | undefined;
  /** Whether the server looks like a relay. */
  readonly isRelay: boolean;
  /** Over an open connection, ms. */
  readonly roundTrips: readonly number[];
  /** Relay's clock minus this machine's, to half a second; undefined without a Date. */
  readonly clockSkew: number | undefined;
}

/** Returns the URL of a relay's pages for `wss://host`, `https://host` or `host[:port]`; undefined for another text. */
export function pagesUrl(text: string): URL | undefined {
  const written = /^[a-z]+:\/\//i.test(text) ? text.replace(/^ws/i, 'http') : `https://${text}`;
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  return /^https?:$/.test(url.protocol) && url.hostname !== '' ? new URL('/', url) : undefined;
}

/** Asks a relay for all its pages. Throws when it cannot be reached in time. */
export async function reportOf(base: URL, signal: AbortSignal): Promise<RelayReport> {
  const pages: Record<string, Page> = {};
  for (const path of PAGES) pages[path] = (await get(base, path, signal)).page;
  const times: number[] = [];
  let clockSkew: number | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { ms, skew } = await get(base, '/healthz', signal);
    times.push(ms);
    clockSkew = skew ?? clockSkew;
  }
  const ready = pages['/readyz'];
  const parsedVersion = version.safeParse(json(pages['/version']));
  const parsedReady = readiness.safeParse(json(ready));
  const isReady = parsedReady.success ? ready?.status === 200 : undefined;
  const metrics = pages['/metrics'];
  return {
    pages: Object.fromEntries(Object.entries(pages).map(([path, { status }]) => [path, status])),
    version: parsedVersion.data,
    isReady,
    detail: isReady === false ? parsedReady.data?.detail : undefined,
    isRelay: parsedVersion.success || (metrics?.status === 200 && /^# (?:HELP|TYPE) relay_/m.test(metrics.body)),
    roundTrips: times,
    clockSkew,
  };
}

async function get(base: URL, path: string, signal: AbortSignal) {
  const [wall, began] = [Date.now(), performance.now()];
  const response = await fetch(new URL(path, base), { signal, redirect: 'manual' });
  const ms = performance.now() - began;
  const body = await response.text();
  const told = Date.parse(response.headers.get('date') ?? '');
  // A Date is cut to whole seconds, and is made half-way between request and answer.
  const skew = Number.isNaN(told) ? undefined : (told + 500 - (wall + ms / 2)) / 1000;
  return { page: { status: response.status, body }, ms, skew };
}

function json(page: Page | undefined): unknown {
  try {
    return JSON.parse(page?.body ?? '');
  } catch {
    return undefined;
  }
}
