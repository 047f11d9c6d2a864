import type { Case } from './case.ts';
import { check } from './themes/check.ts';
import { connect } from './themes/connect.ts';
import { federated } from './themes/federation/federated.ts';
import { federationIn } from './themes/federation/incoming.ts';
import { federationOut } from './themes/federation/outgoing.ts';
import { frames } from './themes/frames.ts';
import { http } from './themes/http.ts';
import { limits } from './themes/limits.ts';
import { mailbox } from './themes/mailbox.ts';
import { fullMailbox } from './themes/mailbox-full.ts';
import { metrics } from './themes/metrics.ts';
import { pings } from './themes/ping.ts';
import { routing } from './themes/routing.ts';
import { sids } from './themes/sids.ts';
import { sizes } from './themes/sizes.ts';
import { source } from './themes/source.ts';
import { tags } from './themes/tags.ts';
import { token } from './themes/token.ts';

/** All cases, by theme, in the order of docs/protocol.md. */
export const THEMES = {
  connect,
  token,
  'federation-in': federationIn,
  metrics,
  http,
  check,
  frames,
  limits,
  source,
  ping: pings,
  routing,
  tags,
  mailbox,
  'mailbox-full': fullMailbox,
  sids,
  sizes,
  'federation-out': federationOut,
  federated,
} as const satisfies Readonly<Record<string, readonly Case[]>>;

export type Theme = keyof typeof THEMES;

/** Themes that need a relay of a certain kind; they run only with their flag. */
export const ON_DEMAND: ReadonlyMap<Theme, string> = new Map([
  ['limits', '--limits'],
  ['federated', '--federated-with'],
]);

/** Returns whether this is the name of a theme. */
export function isTheme(name: string): name is Theme {
  return Object.hasOwn(THEMES, name);
}

/** The names of all themes. */
export const THEME_NAMES: readonly Theme[] = Object.keys(THEMES).filter(isTheme);
