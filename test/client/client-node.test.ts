import { expect, it } from 'vitest';
import { connect as connectPortable } from '../../client/index.ts';
import { connect } from '../../client/node.ts';
import { runChecks } from '../../proto/vectors.suite.ts';
import { clientChecks } from './suite.ts';
import { startSuiteNetwork } from './suite-network.ts';

it.each([
  ['with its own sockets and cryptography', connect],
  ['with standard WebSockets and portable cryptography', connectPortable],
])('passes every check in Node, %s', async (_, connectHere) => {
  const { network, suite } = await startSuiteNetwork();
  await using _network = network;
  const checks = clientChecks(connectHere, suite);
  expect(await runChecks(checks)).toEqual({ passed: checks.length, failed: [] });
});
