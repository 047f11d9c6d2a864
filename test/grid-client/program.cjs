// A program of the real grid_client on rmb-client/compat: connects, asks a node by the module `zos`, calls two services,
// and prints what it got as one line of JSON. Then it times the same calls of grid_client by the npm client.
// Arguments: URLs of chain, relay, and the grid's other services; seed; twins of a Go service (0: none) and of a service
// of rmb-client; number of timed calls.
const { performance } = require('node:perf_hooks');
const { GridClient, RMB } = require('@threefold/grid_client');
const { Client } = require('@threefold/rmb_direct_client');
const npm = require('npm-rmb-direct-client');

const [chain, relay, services, seed, goTwin, ownTwin, calls] = process.argv.slice(2);
const LIMIT_SECONDS = 60;

/** Makes calls one after another; ms of each. */
async function timesOf(rmb) {
  const times = [];
  for (let n = 0; n < Number(calls); n += 1) {
    const began = performance.now();
    await rmb.request([Number(ownTwin)], 'zos.statistics.get', '', LIMIT_SECONDS);
    times.push(performance.now() - began);
  }
  return times;
}

async function main() {
  const grid = new GridClient({
    network: 'dev',
    mnemonic: seed,
    substrateURL: chain,
    relayURL: relay,
    proxyURL: services,
    graphqlURL: `${services}/graphql`,
    activationURL: services,
  });
  await grid.connect();
  const isCompat = grid.rmbClient instanceof Client && !(grid.rmbClient instanceof npm.Client);
  const rmb = new RMB(grid.rmbClient);
  const version = await grid.zos.pingNode({ nodeId: 11 });
  const sum = goTwin === '0' ? null : await rmb.request([Number(goTwin)], 'go.add', '[19,23]', LIMIT_SECONDS);
  const failure = await rmb.request([Number(ownTwin)], 'zos.fails', '', LIMIT_SECONDS).catch(({ message }) => message);
  const compatMs = await timesOf(rmb);
  await grid.disconnect();
  const client = new npm.Client(chain, relay, seed, 'npm-client', 'sr25519', 5);
  await client.connect();
  const npmMs = await timesOf(new RMB(client));
  process.stdout.write(`result ${JSON.stringify({ isCompat, version, sum, failure, compatMs, npmMs })}\n`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
