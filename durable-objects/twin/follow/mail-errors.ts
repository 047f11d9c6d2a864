import type { Reason } from '../../../proto/reasons.ts';
import type { Receiver } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { logLine } from '../../log.ts';
import type { Count } from '../../stats/catalogue.ts';
import type { Directory } from '../send/directory.ts';
import { errorFor } from '../send/refusals.ts';
import { addressOf, type RoutedEnvelope } from '../send/routed-envelope.ts';

/** How long the sender's mailbox keeps the error, seconds: as long as the error says itself. */
const KEPT_S = 300;

/** The port of errors about mail to their object. */
export interface MailErrorsPort {
  readonly host: Pick<Host, 'now'>;
  readonly count: Count;
  readonly directory: Pick<Directory, 'lookup' | 'destinationOf'>;
  receiver(twin: number): Receiver;
}

/**
 * Reports that mail which followed its twin was not taken. Its sender is another twin: if this is a relay of that twin, its
 * object gets the error. No other object is called: a stranger's name would make one.
 */
export class MailErrors {
  readonly #port: MailErrorsPort;

  constructor(port: MailErrorsPort) {
    this.#port = port;
  }

  /** Counts the envelope and reports it to the sender of a request. Never rejects. */
  async report({ from, bytes, isRequest }: RoutedEnvelope, reason: Reason): Promise<void> {
    const { host, count, directory, receiver } = this.#port;
    count('relay_messages_dropped_total', 1, reason);
    if (!isRequest) return;
    const now = Math.floor(host.now() / 1000);
    try {
      const destination = directory.destinationOf(await directory.lookup(from.twin), from.host);
      if ('refuse' in destination || destination.home !== 'here') return;
      const error = errorFor(bytes, addressOf(from), reason, now);
      await receiver(from.twin).deliver([{ sid: from.sid, bytes: error, ifAway: 'store', expiresAt: now + KEPT_S }]);
    } catch (error) {
      logLine('error', 'mail-error-not-reported', { twin: from.twin, error: String(error) });
    }
  }
}
