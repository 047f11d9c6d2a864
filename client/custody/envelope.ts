/** Why an envelope is sent again. `refused`: its refusal may pass. `plain`: a plain relay’s socket was torn after it. */
export type Again = 'lost' | 'epoch' | 'silent' | 'refused' | 'plain';

/** Where an envelope is. */
export type Place<Way> =
  /** It waits to be handed over. */
  | { readonly kind: 'waiting' }
  /** Its refusal may pass: it is sent again at `until`, ms. */
  | { readonly kind: 'resting'; readonly until: number }
  /** A plain relay’s socket is taking it. */
  | { readonly kind: 'leaving' }
  /** It went into a connection at `since`, ms, and has no receipt. */
  | { readonly kind: 'out'; readonly way: Way; readonly sequence: number; readonly since: number }
  /** Its custody has ended. */
  | { readonly kind: 'ended' };

/** An envelope in this client’s custody. `Kept` alone changes it. */
export class KeptEnvelope<Way, Note> {
  readonly bytes: Uint8Array;
  /** ms; then its time is over. */
  readonly deadline: number;
  /** The sender’s own. */
  readonly note: Note;
  /** Its place in the order in which envelopes came. */
  readonly order: number;
  place: Place<Way> = { kind: 'waiting' };
  /** Why it waits once more; undefined before it was handed over. */
  again: Again | undefined;
  /** Refusals that may pass, so far. */
  refusals = 0;
  /** How often its receipt did not come in time. */
  silences = 0;

  constructor(bytes: Uint8Array, deadline: number, note: Note, order: number, again: Again | undefined) {
    this.bytes = bytes;
    this.deadline = deadline;
    this.note = note;
    this.order = order;
    this.again = again;
  }
}
