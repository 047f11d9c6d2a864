// Calls one command with the npm client, as its documentation does, and prints what comes back.
// Arguments: chain URL, relay URL, mnemonic, destination twin, command, payload.
import { Client } from '@threefold/rmb_direct_client';

const [chainUrl, relayUrl, mnemonic, destination, command, payload] = process.argv.slice(2);
const client = new Client(chainUrl, relayUrl, mnemonic, 'test-session', 'sr25519', 5);
await client.connect();
const uid = await client.send(command, payload, Number(destination), 1);
console.log(`answer ${JSON.stringify(await client.read(uid))}`);
process.exit(0);
