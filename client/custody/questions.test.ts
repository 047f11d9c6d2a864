import { describe, expect, it } from 'vitest';
import { decodeQuestion, encodeAnswer, MOST_TWINS } from '../../proto/custody/presence.ts';
import { Questions } from './questions.ts';

/** Questions, and what was sent. */
function rig() {
  const sent: { readonly number: number; readonly twins: readonly number[] }[] = [];
  const questions = new Questions((bytes) => {
    const question = decodeQuestion(bytes);
    if (question.ok) sent.push(question.value);
  });
  const answer = (number: number, waiting: readonly number[]) =>
    questions.answered(encodeAnswer({ number, twins: waiting.map((each) => ({ state: 'away', waiting: each })) }));
  return { questions, sent, answer };
}

describe('Questions', () => {
  it('gives each question its own answer, whatever their order', async () => {
    const { questions, answer } = rig();
    const asked = [questions.ask([1]), questions.ask([2])];
    answer(2, [20]);
    answer(1, [10]);
    answer(7, [70]);
    expect(await Promise.all(asked)).toMatchObject([[{ waiting: 10 }], [{ waiting: 20 }]]);
  });

  it('asks for many twins in several questions', async () => {
    const { questions, sent, answer } = rig();
    const twins = Array.from({ length: MOST_TWINS + 1 }, (_, n) => n + 1);
    const asked = questions.ask(twins);
    answer(1, sent[0]?.twins ?? []);
    // The second question follows the first answer.
    await Promise.resolve();
    await Promise.resolve();
    answer(2, sent[1]?.twins ?? []);
    expect((await asked)?.map(({ waiting }) => waiting)).toEqual(twins);
  });

  it('has no answer when the session ends, or when the answer is about other twins', async () => {
    const { questions, answer } = rig();
    const asked = [questions.ask([1, 2]), questions.ask([1])];
    answer(1, [1]);
    questions.end();
    expect(await Promise.all(asked)).toEqual([undefined, undefined]);
  });
});
