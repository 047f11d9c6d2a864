/** At a stop, envelopes wait this long for a relay and its receipt, ms; then their entries stay in Redis for the next start. */
const DRAIN_MS = 4_000;

/** Parts of the traffic that end one after the other. */
export interface Draining {
  /** Claims no more entries. Resolves when every entry in progress is finished or given up. */
  finishEntries(): Promise<void>;
  /** Resolves when no envelope waits for its receipt. */
  receipts(): Promise<void>;
  readonly session: {
    /** Gives up every envelope that waits for a relay. */
    stopSending(): void;
    /** Reads no more. Resolves when every frame that was read has been processed. */
    finish(): Promise<void>;
    /** Leaves all relays. Returns whether they have every envelope that was sent. */
    close(): Promise<boolean>;
  };
  /**
   * Settles the entries that somebody else has custody of. Their replies find their programs without them.
   * @param isClean whether plain relays have every envelope that was sent
   */
  leaveAwaited(isClean: boolean): Promise<void>;
}

/** Stops the traffic of a peer, so that no message is lost, and as few as possible are sent again. */
export async function drain({ finishEntries, receipts, session, leaveAwaited }: Draining): Promise<void> {
  const { promise: late, resolve: end } = Promise.withResolvers<void>();
  const patience = setTimeout(() => {
    session.stopSending();
    end();
  }, DRAIN_MS);
  await finishEntries();
  // Before the session reads no more: receipts are read, too.
  await Promise.race([receipts(), late]);
  // Only this process has the frames that it has read: they are processed, and answered, before the sockets close.
  await session.finish();
  clearTimeout(patience);
  // A reply to a frame that comes now finds no relay: it must not wait for one.
  const isClean = await session.close();
  // The session has ended the custody of all others: their entries stay.
  await receipts();
  // A relay that answered the close has every envelope: the next start sends none of them again.
  await leaveAwaited(isClean);
}
