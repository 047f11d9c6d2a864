import { expect, it } from 'vitest';
import { bundleEntry } from '../browser/bundle.ts';
import { startProcess } from '../rig/process.ts';
import { startSuiteNetwork } from './suite-network.ts';

it('adds nothing global to a Node process, and leaves nothing that keeps it alive', async () => {
  const { network, suite } = await startSuiteNetwork();
  await using _network = network;
  await using program = startProcess([process.execPath, 'test/client/quiet-program.ts', JSON.stringify(suite)]);
  const left = await program.find('its report', (line) => (line.startsWith('{') ? line : undefined));
  expect(JSON.parse(left)).toEqual({ replies: ['x', 'x'], added: [], timers: [] });
  // Nobody ends it: a timer or a socket that is left would keep it.
  expect(await program.ended).toBe(0);
  expect(program.text('stderr')).toBe('');
});

it('has no words for writing on chain, nor for the end of a page or a process', async () => {
  const bundle = await bundleEntry("export { connect } from '../../client/index.ts';", ['browser']);
  expect(bundle).toContain('chain_subscribeNewHeads');
  expect(bundle).not.toMatch(/author_|beforeunload|SIGINT|process\.on/);
});
