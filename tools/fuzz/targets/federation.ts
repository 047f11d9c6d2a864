import type { Settings } from '../../../durable-objects/settings.ts';
import { VIA } from '../../../durable-objects/twin/federation/relays/post.ts';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import { smallSettings } from '../../../test/rig/relay/settings.ts';
import { takeIn } from '../../../workers/federation/federation-ingress.ts';
import type { IngressPort } from '../../../workers/federation/ingress-port.ts';
import { statusOf } from '../../../workers/refusal.ts';
import { SEALED, SEALER } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import { oddText } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

/** A time within the lifetime of the sealed vectors (Unix s). */
const NOW = 1_795_984_170;
const VERDICTS = ['sent', 'stored', 'offline', 'full', 'expired'] as const;

/** Settings of the relay, by `FEDERATION_VERIFY`. */
export const ingressSettings = { signature: settingsFor('signature'), off: settingsFor('off') };

/**
 * POST bodies of another relay: every body is delivered or refused with a status. Byte 0 of the input chooses the
 * answers of the fake twins and objects, byte 1 the length of the header `rmb-via` that follows.
 */
export const federation: Target = {
  name: 'federation',
  make: (random) => {
    const via = random.once(10) ? new TextEncoder().encode(headerText(random)).subarray(0, 255) : new Uint8Array(0);
    const body = random.once(2) ? mutate(random, SEALED) : anyFrame(random);
    return Buffer.concat([Uint8Array.of(random.below(256), via.length), via, body]);
  },
  run: async (input) => {
    const [choice = 0, length = 0] = input;
    const via = Buffer.from(input.subarray(2, 2 + length)).toString('latin1');
    const body = Uint8Array.from(input.subarray(2 + length));
    const headers = via === '' || /[^\x20-\x7e]/.test(via) ? new Headers() : new Headers({ [VIA]: via });
    const request = new Request('https://relay.example/', { method: 'POST', body, headers });
    // A signature costs more than everything else, so one body of sixteen is verified.
    const settings = choice % 16 === 0 ? ingressSettings.signature : ingressSettings.off;
    const taken = await takeIn(request, settings, ingressPort(choice));
    if (!('refusal' in taken)) return;
    const { refusal } = taken;
    promise(statusOf(refusal.code) >= 400, 'a refusal without a status');
    promise(refusal.message.length < 2_000, 'a refusal of 2,000 characters or more');
  },
};

function headerText(random: Random): string {
  return oddText(random).replace(/[^\x20-\x7e]/g, '');
}

/** Returns twins and objects that answer as `choice` says. */
export function ingressPort(choice: number): IngressPort {
  const found = { found: { id: 2, account: SEALER, relay: 'relay.example', pk: null } };
  return {
    now: () => NOW,
    verify: PORTABLE.verify,
    lookup: async () => (choice % 13 === 1 ? { unavailable: 'down' } : choice % 13 === 2 ? { unknown: true } : found),
    refresh: async () => (choice % 2 === 0 ? 'recent' : found),
    spend: () => choice % 7 !== 3,
    wasAccepted: () => choice % 17 === 5,
    accepted: () => undefined,
    keptHere: () => undefined,
    failed: () => 'other',
    count: () => undefined,
    deliver: async (_, envelopes) => {
      if (choice % 11 === 0) throw new Error('object reset');
      return envelopes.map((_, n) => VERDICTS[(choice + n) % VERDICTS.length] ?? 'sent');
    },
  };
}

function settingsFor(verify: 'signature' | 'off'): Settings {
  return smallSettings({ FEDERATION_VERIFY: verify });
}
