import { LONGEST_REST_MS, REST_MS } from '../../client/custody/kept.ts';
import { CUSTODY_HEARTBEAT } from '../../client/session/heartbeat.ts';
import { CONNECT_MS } from '../../client/session/socket.ts';
import { STATS_SHARDS } from '../../durable-objects/stats/shards.ts';
import { OLD_MS } from '../../durable-objects/twin/custody/receipts-due.ts';
import { REMEMBER_MOST, REMEMBER_MS } from '../../durable-objects/twin/send/directory.ts';
import { OUTBOX_MESSAGES } from '../../durable-objects/twin/send/outbox.ts';
import { WINDOW } from '../../proto/custody/acceptance.ts';
import { MOST_ENVELOPES } from '../../proto/custody/frame.ts';
import { KEYS_A_DIAL, MOST_DIALS } from '../../workers/twin-resolver/dials.ts';
import { LOOKUP_MS, STORE_MS } from '../../workers/twin-resolver/resolver.ts';
import { MOST_TWINS } from '../../workers/twin-resolver/resolver-memory.ts';
import { IDLE, MESSAGES } from '../checks/cost/figures.ts';

/** The product's own values: the model follows them. Classes that need no I/O run in the model as they are. */
export const PRODUCT = {
  connectMs: CONNECT_MS,
  heartbeat: CUSTODY_HEARTBEAT,
  /** The pause before an envelope that was not delivered is sent again; it doubles. */
  restMs: REST_MS,
  longestRestMs: LONGEST_REST_MS,
  /** Receipts wait so long for others at an object. */
  receiptMs: OLD_MS,
  /** Messages without a receipt, on one connection and way. */
  window: WINDOW.messages,
  mostEnvelopesInFrame: MOST_ENVELOPES,
  outboxMessages: OUTBOX_MESSAGES,
  /** An object remembers destinations for so long, and so many. */
  rememberMs: REMEMBER_MS,
  rememberMost: REMEMBER_MOST,
  /** The resolver: a look-up's time, KV's part of it, dials at a time, twins of a dial, twins in an isolate's memory. */
  lookupMs: LOOKUP_MS,
  storeMs: STORE_MS,
  dials: MOST_DIALS,
  keysADial: KEYS_A_DIAL,
  twinsInMemory: MOST_TWINS,
  statsShards: STATS_SHARDS,
  figures: {
    message: MESSAGES.onlineSingly,
    stored: MESSAGES.storedSingly,
    reconnection: IDLE.reconnection,
  },
} as const;
