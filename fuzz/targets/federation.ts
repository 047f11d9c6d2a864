import type { Settings } from '../../durable-objects/settings.ts';
import { VIA } from '../../durable-objects/twin/federation/post.ts';
import { smallSettings } from '../../test/rig/settings.ts';
import { type IngressPort, takeIn } from '../../workers/federation-ingress.ts';
import { statusOf } from '../../workers/refusal.ts';
import { SEALED, SEALER } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import { oddText } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

/** Within the life of the sealed vectors, Unix seconds. */
const NOW = 1_795_984_170;
const VERDICTS = ['sent', 'stored', 'offline', 'full', 'expired'] as const;

const settings = { signature: settingsFor('signature'), off: settingsFor('off') };

/**
 * Bodies that another relay brings: every body is delivered or refused with a status. Byte 0 of the input chooses
 * what the fake twins and objects answer, byte 1 the length of the header `rmb-via` that follows.
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
    // A signature costs more than all else: one body of sixteen is verified.
    const refusal = await takeIn(request, choice % 16 === 0 ? settings.signature : settings.off, port(choice));
    if (refusal === undefined) return;
    promise(statusOf(refusal.code) >= 400, 'a refusal without a status');
    promise(refusal.message.length < 2_000, 'a refusal of 2,000 characters or more');
  },
};

function headerText(random: Random): string {
  return oddText(random).replace(/[^\x20-\x7e]/g, '');
}

function port(choice: number): IngressPort {
  const found = { found: { id: 2, account: SEALER, relay: 'relay.example', pk: null } };
  return {
    now: () => NOW,
    lookup: async () => (choice % 13 === 1 ? { unavailable: 'down' } : choice % 13 === 2 ? { unknown: true } : found),
    refresh: async () => (choice % 2 === 0 ? 'recent' : found),
    spend: () => choice % 7 !== 3,
    wasAnswered: () => choice % 17 === 5,
    answered: () => undefined,
    repeated: () => undefined,
    deliver: async () => {
      if (choice % 11 === 0) throw new Error('object reset');
      return VERDICTS[choice % VERDICTS.length];
    },
  };
}

function settingsFor(verify: 'signature' | 'off'): Settings {
  return smallSettings({ FEDERATION_VERIFY: verify });
}
