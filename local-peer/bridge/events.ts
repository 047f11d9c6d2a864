import type { BusEvent } from '../../client/ports.ts';

/** An event of an entry or an envelope, counted for the metrics. */
export type PeerEvent =
  | BusEvent
  | 'request-taken'
  | 'request-sent'
  | 'request-failed'
  | 'response-taken'
  | 'response-sent'
  | 'response-failed'
  | 'entry-malformed'
  | 'entry-restored'
  | 'entry-lost'
  | 'twin-key-changed';

/** Counts an event; `detail` is a label of its metric. */
export type CountEvent = (event: PeerEvent, detail?: string) => void;
