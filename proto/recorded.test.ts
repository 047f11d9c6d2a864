import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import protocol from '../test/vectors/protocol.json' with { type: 'json' };
import recorded from '../test/vectors/recorded.json' with { type: 'json' };
import { decodeEnvelope, type Envelope } from './envelope/envelope.ts';
import { checkPlausible } from './envelope/plausible.ts';
import { checkSeal } from './seal/seal.ts';

// test/rig/envelopes/recorded.ts explains how to record the envelopes again.

function envelopeOf(bytes: string): Envelope {
  const decoded = decodeEnvelope(hexToBytes(bytes));
  if (!decoded.ok) throw new Error(decoded.error.detail);
  return decoded.value;
}

const PLAUSIBLE = { ok: true, value: undefined };

describe('a recorded envelope is plausible at its own time', () => {
  it.each(recorded)('$client $version: $kind, $seal', ({ kind, seal, time, bytes }) => {
    const envelope = envelopeOf(bytes);
    expect(envelope.content?.kind).toBe(kind);
    expect(checkPlausible(envelope, time)).toEqual(PLAUSIBLE);
    expect(checkSeal(envelope)).toEqual({ ok: true, value: seal });
  });

  it('the record has every known client, and every kind that programs see', () => {
    expect(recorded.map(({ client, version, kind }) => `${client} ${version} ${kind}`)).toEqual([
      '@threefold/rmb_direct_client 2.9.2 request',
      'rmb-edge-peer 0.1.0 error',
      'rmb-edge-peer 0.1.0 request',
      'rmb-edge-peer 0.1.0 response',
      'rmb-sdk-go v0.15.18 error',
      'rmb-sdk-go v0.15.18 request',
      'rmb-sdk-go v0.15.18 response',
      'rmb-sdk-go v0.17.0 error',
      'rmb-sdk-go v0.17.0 request',
      'rmb-sdk-go v0.17.0 response',
    ]);
  });
});

/** The other envelopes only test the encoding: no peer writes their numbers and empty fields. */
const RUST = protocol.envelopes.filter(({ name }) => !/largest|empty/.test(name));

describe('an envelope of the Rust implementation is plausible and unsealed', () => {
  it.each(RUST)('$name, $keyType', ({ bytes }) => {
    const envelope = envelopeOf(bytes);
    expect(checkPlausible(envelope, Number(envelope.timestamp))).toEqual(PLAUSIBLE);
    expect(checkSeal(envelope)).toEqual({ ok: true, value: 'unsealed' });
  });
});
