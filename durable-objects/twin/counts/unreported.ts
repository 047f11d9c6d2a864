import type { Counts } from '../../stats/counts.ts';
import { merge } from '../../stats/counts.ts';
import type { SocketNotes } from '../sessions/socket-notes.ts';
import type { StoredValue } from '../storage/stored-value.ts';

type Place<S> = { readonly socket: S } | 'row';

/**
 * Keeps unreported counts through a sleep: on one of the twin's sockets, which costs nothing, or in a row if it has
 * none. They are in one place at a time, so that none counts twice.
 */
export class Unreported<S> {
  readonly #sockets: SocketNotes<S>;
  readonly #row: StoredValue<Counts>;
  #place: Place<S> | undefined;

  constructor(sockets: SocketNotes<S>, row: StoredValue<Counts>) {
    this.#sockets = sockets;
    this.#row = row;
  }

  /** Returns the counts that were kept when the object fell asleep. */
  restore(): Counts {
    const places: Place<S>[] = ['row', ...this.#sockets.all().map((socket) => ({ socket }))];
    const counts: Counts = {};
    for (const place of places) {
      const found = this.#read(place);
      if (found === undefined) continue;
      merge(counts, found);
      // Two places have counts if the object died between a write to the new place and the removal from the old one.
      if (this.#place !== undefined) this.#write(this.#place, undefined);
      this.#place = place;
      this.#write(place, counts);
    }
    return counts;
  }

  /** Replaces the kept counts; undefined: nothing is unreported. */
  keep(counts: Counts | undefined): void {
    const place = counts === undefined ? undefined : this.#choose();
    if (this.#place !== undefined && this.#place !== place) this.#write(this.#place, undefined);
    this.#place = place;
    if (place !== undefined) this.#write(place, counts);
  }

  #choose(): Place<S> {
    const now = this.#place;
    if (now !== undefined && now !== 'row' && this.#sockets.isOpen(now.socket)) return now;
    const [socket] = this.#sockets.all();
    return socket === undefined ? 'row' : { socket };
  }

  #read(place: Place<S>): Counts | undefined {
    return place === 'row' ? this.#row.read() : this.#sockets.notesOn(place.socket).counts;
  }

  #write(place: Place<S>, counts: Counts | undefined): void {
    if (place === 'row') this.#row.write(counts);
    else if (counts !== undefined || this.#sockets.isOpen(place.socket)) this.#sockets.note(place.socket, { counts });
  }
}
