/** Runs in a dedicated Web Worker: holds the keys of one twin, and gives nothing but signatures and shared keys. */
import { type Identity, identityOf } from '../../proto/identity.ts';
import type { Answer, Opened, Question } from './worker-messages.ts';

let identity: Identity | undefined;

async function answer(question: Question): Promise<Opened | Uint8Array> {
  if (question.kind === 'open') {
    const opened = await identityOf(question.secret, question.keyType);
    if (!opened.ok) throw new Error(opened.error.detail);
    identity = opened.value;
    return { account: identity.account, e2ePublicKey: identity.e2ePublicKey };
  }
  if (identity === undefined) throw new Error('the worker has no secret yet');
  // Without the type byte: a signer gives the bare signature.
  if (question.kind === 'sign') return (await identity.sign(question.message)).subarray(1);
  return identity.sharedKey(question.publicKey);
}

addEventListener('message', async ({ data }: MessageEvent<Question & { readonly id: number }>) => {
  const { id } = data;
  const reply: Answer = await answer(data).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, fault: error instanceof Error ? error.message : String(error) }),
  );
  postMessage(reply);
});
