import type { Counts } from '../stats/counts.ts';
import { merge } from '../stats/counts.ts';

/** Where an object may write something down: on its sockets, and in storage. */
export interface CountPlaces<S> {
  sockets(): readonly S[];
  isOpen(socket: S): boolean;
  read(socket: S): Counts | undefined;
  write(socket: S, counts: Counts | undefined): void;
  /** In storage, for an object without a socket. */
  readRow(): Counts | undefined;
  writeRow(counts: Counts | undefined): void;
}

type Place<S> = { readonly socket: S } | 'row';

/**
 * Where a twin's counts wait to be handed over: on one of its sockets, which costs nothing, or in storage when it has
 * none. In one place at a time, so that none counts twice.
 */
export class Unreported<S> {
  readonly #places: CountPlaces<S>;
  #place: Place<S> | undefined;

  constructor(places: CountPlaces<S>) {
    this.#places = places;
  }

  /** What waits, after the object woke. */
  restore(): Counts {
    const places: Place<S>[] = ['row', ...this.#places.sockets().map((socket) => ({ socket }))];
    const counts: Counts = {};
    for (const place of places) {
      const found = this.#read(place);
      if (found === undefined) continue;
      merge(counts, found);
      // Two places hold some when the object died while it changed from one to the other.
      if (this.#place !== undefined) this.#write(this.#place, undefined);
      this.#place = place;
      this.#write(place, counts);
    }
    return counts;
  }

  /** Writes what waits now in place of what was written before; undefined: nothing waits. */
  keep(counts: Counts | undefined): void {
    const place = counts === undefined ? undefined : this.#choose();
    if (this.#place !== undefined && this.#place !== place) this.#write(this.#place, undefined);
    this.#place = place;
    if (place !== undefined) this.#write(place, counts);
  }

  #choose(): Place<S> {
    const now = this.#place;
    if (now !== undefined && now !== 'row' && this.#places.isOpen(now.socket)) return now;
    const [socket] = this.#places.sockets();
    return socket === undefined ? 'row' : { socket };
  }

  #read(place: Place<S>): Counts | undefined {
    return place === 'row' ? this.#places.readRow() : this.#places.read(place.socket);
  }

  #write(place: Place<S>, counts: Counts | undefined): void {
    if (place === 'row') this.#places.writeRow(counts);
    else if (counts !== undefined || this.#places.isOpen(place.socket)) this.#places.write(place.socket, counts);
  }
}
