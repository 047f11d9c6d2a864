import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from './options.ts';
import { THEME_NAMES } from './themes.ts';

const WHERE = ['--relay', 'ws://localhost:8787/', '--chain', 'ws://localhost:9944'];

describe('readOptions', () => {
  it('fills in the defaults', async () => {
    const options = await readOptions(WHERE);
    expect(options).toMatchObject({
      relay: 'ws://localhost:8787',
      domains: { relay: 'localhost:8787', fakes: ['127.0.0.1:8781', '127.0.0.1:8782'] },
      patience: 5_000,
      json: false,
    });
    expect(options?.twins.length).toBe(6);
    expect(options?.themes).toEqual(THEME_NAMES.filter((theme) => theme !== 'limits' && theme !== 'federated'));
  });

  it('runs only the theme limits at a relay with limits', async () => {
    const options = await readOptions([...WHERE, '--limits', '5,2000']);
    expect(options).toMatchObject({ themes: ['limits'], limits: { messages: 5, bytes: 2000 } });
  });

  it('runs the theme federated with a second relay', async () => {
    const options = await readOptions([...WHERE, '--federated-with', 'ws://other:1']);
    expect(options?.themes).toContain('federated');
    expect(options?.domains.other).toBe('other:1');
  });

  it('keeps the order of the themes, whatever the order of --only', async () => {
    const options = await readOptions([...WHERE, '--only', 'tags', '--only', 'connect']);
    expect(options?.themes).toEqual(['connect', 'tags']);
  });

  it('returns nothing for --help', async () => {
    expect(await readOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [[], '--relay: is needed'],
    [['--relay', 'http://x', '--chain', 'ws://x'], '--relay: must be ws://HOST:PORT or wss://HOST'],
    [[...WHERE, '--only', 'nothing'], '--only: must be one of: connect'],
    [[...WHERE, '--only', 'federated'], '--only federated needs --federated-with'],
    [[...WHERE, '--fakes', 'one:1'], '--fakes: must be HOST:PORT,HOST:PORT'],
    [[...WHERE, '--wrong'], "Unknown option '--wrong'"],
  ])('refuses %j by name', async (argv, message) => {
    await expect(readOptions(argv)).rejects.toThrow(UsageError);
    await expect(readOptions(argv)).rejects.toThrow(message);
  });
});
