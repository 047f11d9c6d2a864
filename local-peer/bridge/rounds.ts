/** Envelopes that share a uid: each twin occurs once in a round. */
export interface Round {
  readonly uid: string;
  /** All twins of the round. */
  readonly asked: readonly number[];
  /** Twin → its place among the request's destinations, without settled ones. */
  readonly places: Map<number, number>;
}

/**
 * Splits a request's destinations. A receiver takes a second request with one uid for a repeat, so a twin that occurs
 * n times is asked under n uids. They derive from the first, so they are the same after a crash.
 */
export function roundsOf(uid: string, destinations: readonly number[], settled: ReadonlySet<number>): Round[] {
  const rounds: Map<number, number>[] = [];
  const times = new Map<number, number>();
  destinations.forEach((twin, place) => {
    const time = times.get(twin) ?? 0;
    times.set(twin, time + 1);
    const round = rounds[time];
    if (round === undefined) rounds.push(new Map([[twin, place]]));
    else round.set(twin, place);
  });
  return rounds.map((places, time) => ({
    uid: time === 0 ? uid : `${uid}.${time}`,
    asked: [...places.keys()],
    places: new Map([...places].filter(([, place]) => !settled.has(place))),
  }));
}
