import type { Host } from '../../host.ts';

/** The port of the relay's voice to its object. */
export interface VoicePort {
  readonly host: Pick<Host, 'background'>;
  readonly custody: { session(sid: string | undefined): object | undefined };
  readonly outlets: { send(sid: string | undefined, bytes: Uint8Array): void };
  readonly delivery: { mail(sid: string | undefined, bytes: Uint8Array): Promise<void> };
}

/**
 * Returns how the relay itself speaks to its sessions: errors and pongs. In a custody session these are in flight like
 * everything else, and stored while it has no room. A session that is away gets none.
 */
export function voiceOf({ host, custody, outlets, delivery }: VoicePort): VoicePort['outlets'] {
  return {
    send: (sid, bytes) => {
      if (custody.session(sid) === undefined) outlets.send(sid, bytes);
      else host.background(delivery.mail(sid, bytes));
    },
  };
}
