import type { Accepted } from '../../proto/custody/outcome.ts';

/**
 * Steps of a request. `accepted`: this peer has claimed it. `sent`: a relay was given its envelope. `delivered`, `stored`,
 * `queued`, `handed`: who took over custody. `replied`: the program has a reply. `failed`: the program has an error of
 * this peer or of a relay. `expired`: its time was over without a reply.
 */
type StepName = 'accepted' | 'sent' | Accepted | 'replied' | 'failed' | 'expired';

/** A step of a request on its way to one twin. */
export interface Step {
  readonly name: StepName;
  /** Unix ms. */
  readonly at: number;
  /** undefined for a step of the whole request. */
  readonly twin?: number | undefined;
  /** host[:port] of the relay that said so. */
  readonly relay?: string | undefined;
  /** The error, or what else is known; for people. */
  readonly detail?: string | undefined;
}

/** What this peer knows of a request. */
export interface RequestStatus {
  readonly uid: string;
  readonly ref: string | null;
  readonly command: string;
  readonly destinations: readonly number[];
  /** End of its time, Unix ms; undefined when it is not known. */
  readonly until: number | undefined;
  /** In order. */
  readonly steps: readonly Step[];
}

const ENDS: readonly StepName[] = ['replied', 'failed', 'expired'];

/** Returns the twins whose reply is still awaited. A twin that is named twice has two parts. */
export function pendingTwins({ destinations, steps }: RequestStatus): number[] {
  const ended = steps.flatMap(({ name, twin }) => (ENDS.includes(name) && twin !== undefined ? [twin] : []));
  if (steps.some(({ name, twin }) => ENDS.includes(name) && twin === undefined)) return [];
  return destinations.filter((twin) => {
    const place = ended.indexOf(twin);
    if (place >= 0) ended.splice(place, 1);
    return place < 0;
  });
}

/** Adds the end of its time to a status, when that has come without a reply. @param now Unix ms */
export function asOf(status: RequestStatus, now: number): RequestStatus {
  const { until, steps } = status;
  if (until === undefined || now < until) return status;
  const expired = pendingTwins(status).map((twin): Step => ({ name: 'expired', at: until, twin }));
  return expired.length === 0 ? status : { ...status, steps: [...steps, ...expired] };
}
