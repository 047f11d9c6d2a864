import { describe, expect, it } from 'vitest';
import type { Twin } from '../../proto/twin.ts';
import { register } from './registrar.ts';

const account = new Uint8Array(32).fill(1);
const pk = new Uint8Array(33).fill(2);
const nothing = () => undefined;

/** A chain whose answers to `update_twin` are given one after another; what was sent, and what was logged. */
function rig(relay: string | null, answers: (Error | string | undefined)[]) {
  const sent: string[] = [];
  const said: string[] = [];
  const known: Twin[] = [];
  const keep = (_: object, message: string) => void said.push(message);
  const parts = {
    chain: {
      twin: async (id: number) => ({ id, account, relay, pk: null }),
      updateTwin: async (_: unknown, domains: string) => {
        sent.push(domains);
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    log: { debug: nothing, info: keep, warn: keep, error: keep },
    onTwin: (twin: Twin) => void known.push(twin),
    // No time passes; when there is nothing more to answer, the peer stops.
    pause: async () => answers.length > 0,
  };
  const run = (keepRelays = false) => {
    const key = { seed: new Uint8Array(32), keyType: 'sr25519' as const };
    const relays = [new URL('wss://own.example')];
    return register({ twin: 7, account, key, pk, relays, keepRelays }, parts);
  };
  return { run, sent, said, known };
}

describe('register', () => {
  it('sets exactly the own relays, and logs it first; or adds them to the kept ones', async () => {
    const exact = rig('theirs.example', [undefined]);
    await exact.run();
    expect(exact.sent).toEqual(['own.example']);
    expect(exact.said).toEqual(['chain: updating the own twin', 'chain: the own twin is updated']);
    expect(exact.known).toMatchObject([{ id: 7, relay: 'own.example', pk }]);
    const kept = rig('theirs.example', [undefined]);
    await kept.run(true);
    expect(kept.sent).toEqual(['own.example_theirs.example']);
  });

  it('tries again until the chain has the values', async () => {
    const { run, sent, known } = rig(null, [new Error('out of reach'), new Error('dropped'), undefined]);
    await run();
    expect([sent.length, known.length]).toEqual([3, 1]);
  });

  it('tries no more after a refusal in a block: each try costs a fee', async () => {
    const { run, sent, said, known } = rig(null, ['tfgridModule.InvalidRelay', undefined]);
    await run();
    expect([sent.length, known.length]).toEqual([1, 0]);
    expect(said.at(-1)).toMatch(/^chain: the own twin is not updated: tfgridModule.InvalidRelay;/);
  });

  it('names the account whose balance cannot pay', async () => {
    const refusal = new Error('1010: Invalid Transaction: Inability to pay some fees (e.g. account balance too low)');
    const { run, said } = rig(null, [refusal]);
    await run();
    expect(said.at(-1)).toMatch(/the balance of 5\w{47} cannot pay the fee: send it some TFT/);
  });
});
