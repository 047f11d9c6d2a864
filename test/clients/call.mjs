// Calls one command with the npm client, as its documentation does, and prints what comes back.
// Arguments: chain URL, relay URL, mnemonic, destination twin, command, payload.
import { createRequire } from 'node:module';

// Its ES modules do not load in Node (imports without extensions); programs use the CommonJS ones.
const { Client } = createRequire(import.meta.url)('@threefold/rmb_direct_client');

const [chainUrl, relayUrl, mnemonic, destination, command, payload] = process.argv.slice(2);
const client = new Client(chainUrl, relayUrl, mnemonic, 'test-session', 'sr25519', 5);
await client.connect();
const uid = await client.send(command, payload, Number(destination), 1);
console.log(`answer ${JSON.stringify(await client.read(uid))}`);
process.exit(0);
