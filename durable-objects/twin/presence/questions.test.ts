import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeQuestion } from '../../../proto/custody/presence.ts';
import { Questions } from './questions.ts';

function rig(most = 10) {
  const [answers, closes]: [unknown[], number[]] = [[], []];
  let asked = 0;
  const questions = new Questions<string>({
    host: { now: () => 0 },
    limiter: {
      admit: () => {
        asked += 1;
        return asked <= most;
      },
    },
    sessions: { sender: () => ({ send: (bytes) => answers.push(decodeAnswer(bytes)) > 0 }) },
    presence: async (twins) => twins.map((twin) => ({ state: 'away' as const, waiting: twin })),
    close: (_, { code }) => void closes.push(code),
  });
  const ask = (bytes: Uint8Array) => questions.answer('socket', { twin: 1, host: 'relay' }, bytes);
  return { ask, answers, closes };
}

describe('Questions', () => {
  it('answers under the number of the question', async () => {
    const { ask, answers } = rig();
    await ask(encodeQuestion({ number: 9, twins: [3, 4] }));
    const twins = [3, 4].map((waiting) => ({ state: 'away', waiting }));
    expect(answers).toEqual([{ ok: true, value: { number: 9, twins } }]);
  });

  it('counts each twin of a question as a message, and tells nothing beyond the limit', async () => {
    const { ask, answers } = rig(3);
    for (const number of [1, 2]) await ask(encodeQuestion({ number, twins: [3, 4] }));
    expect(answers).toMatchObject([
      { value: { twins: [{ state: 'away' }, { state: 'away' }] } },
      { value: { twins: [{ state: 'unavailable' }, { state: 'unavailable' }] } },
    ]);
  });

  it('closes a socket for a question that is malformed', async () => {
    const { ask, answers, closes } = rig();
    await ask(encodeQuestion({ number: 1, twins: [3] }).subarray(0, 9));
    expect([answers, closes]).toEqual([[], [1008]]);
  });
});
