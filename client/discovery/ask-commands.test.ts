import { expect, it } from 'vitest';
import type { CallResponse } from '../asking/calls.ts';
import type { RequestOptions } from '../public.ts';
import { askCommands } from './ask-commands.ts';

/** Asks a twin that replies with this text. Returns what was asked, too. */
async function answered(text: string) {
  const asked: unknown[] = [];
  const request = async (twin: number | string, command: string, _?: unknown, options?: RequestOptions) => {
    asked.push(twin, command, options);
    const response: CallResponse = { source: '7:sid', data: new TextEncoder().encode(text), schema: undefined };
    return response;
  };
  return { list: await askCommands({ request }, 7, { failFast: false }), asked };
}

it('asks a twin, for 5 s', async () => {
  const { list, asked } = await answered('{"ver":1,"commands":[{"name":"a"}],"more":true}');
  expect(list).toEqual({ commands: [{ name: 'a' }], more: true });
  expect(asked).toEqual([7, 'rmb.commands', { failFast: false, timeout: 5_000 }]);
});

it.each(['', 'no JSON', '{"ver":2,"commands":[]}', '["a"]'])('refuses the answer %j', async (text) => {
  await expect(answered(text)).rejects.toMatchObject({
    code: 'invalid-reply',
    message: 'twin 7:sid lists its commands in a form that this version does not know',
  });
});
