import type { Twin } from '../../../proto/twin.ts';
import { relaysToAsk } from '../federation/relays/relays-to-ask.ts';
import type { Home } from './verdict.ts';

/**
 * Whether another relay may have a session of a twin of this relay. `none`: the twin names no other relay. `away`: all
 * said a moment ago that they do not have it. `queued`: earlier envelopes for the twin wait for their answers.
 */
export type Elsewhere = 'none' | 'away' | 'maybe' | 'queued';

/**
 * What an envelope does first: it goes to the federation queue; or to its twin's object, which returns it if the session
 * is away, or keeps it as its home says.
 */
export type FirstStep = 'federate' | 'try' | 'keep';

/**
 * Decides the first step of an envelope. Before an envelope is stored here, the other relays of its twin are asked.
 * @param wasAbsent returns whether the session was not connected here a moment ago
 */
export function firstStep(home: Home, elsewhere: Elsewhere, wasAbsent: () => boolean): FirstStep {
  if (home === 'elsewhere') return wasAbsent() ? 'federate' : 'keep';
  if (home === 'nowhere') return 'keep';
  // An envelope must not overtake those that wait.
  if (elsewhere === 'queued') return 'federate';
  return elsewhere === 'maybe' ? 'try' : 'keep';
}

/** The port of candidates. */
export interface CandidatesPort {
  /** Whether relays at private addresses are asked. */
  readonly allowsPrivate: boolean;
  ownDomains(host: string): readonly string[];
}

const NONE: readonly string[] = [];

/** The other relays of twins, read once for each look-up and host: most twins name this relay alone. */
export class Candidates {
  readonly #port: CandidatesPort;
  readonly #known = new WeakMap<Twin, Map<string, readonly string[]>>();

  constructor(port: CandidatesPort) {
    this.#port = port;
  }

  /** Returns the relays of a twin besides this one, for a session that reached this relay by `host`. */
  of(twin: Twin, host: string): readonly string[] {
    let byHost = this.#known.get(twin);
    if (byHost === undefined) {
      byHost = new Map();
      this.#known.set(twin, byHost);
    }
    let others = byHost.get(host);
    if (others === undefined) {
      const asked = relaysToAsk(twin.relay, this.#port.allowsPrivate, this.#port.ownDomains(host));
      others = typeof asked === 'string' ? NONE : asked;
      byHost.set(host, others);
    }
    return others;
  }
}
