/** The new state of a part of the bus. */
export type StatusEvent =
  /** A relay, by host[:port]. `custody`: the relay acknowledges each envelope (docs/custody.md). */
  | {
      readonly type: 'relay';
      readonly relay: string;
      readonly isUp: boolean;
      readonly custody: boolean;
      /** Why it is not up, for people. */
      readonly detail: string;
    }
  | { readonly type: 'chain'; readonly isUp: boolean; readonly detail: string }
  /** Full: calls wait until relays have acknowledged some of the envelopes without a receipt. */
  | { readonly type: 'buffer'; readonly isFull: boolean }
  /** Misplaced: the twin has other relays on chain than this bus, so that replies may go astray. */
  | { readonly type: 'placement'; readonly isMisplaced: boolean; readonly detail: string };

/** Returns the part that an event is about. */
export function partOf(event: StatusEvent): string {
  return event.type === 'relay' ? `relay ${event.relay}` : event.type;
}
