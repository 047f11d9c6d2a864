import { Command } from 'commander';
import { z } from 'zod';
import { type Address, formatAddress } from '../../proto/address.ts';
import { identityOf, ss58Address } from '../../proto/identity.ts';
import { relayDomains, type Twin } from '../../proto/twin.ts';
import { brokenKey } from '../faults.ts';
import { plain } from '../plain.ts';
import { judgeKey } from '../twins/judge-key.ts';
import { asked, type OpenChain, openChain, ownTwinOf } from './chain.ts';
import { CommandFailure } from './failure.ts';
import {
  addJsonFlag,
  addSessionFlags,
  addTimeoutFlag,
  jsonOption,
  optionsOf,
  withChain,
  withSettings,
} from './flags.ts';
import { paint, print, printJson } from './output.ts';
import { parseTarget, resolveTarget } from './target.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** `rmb-peer twin`: what the chain says of a twin. */
export function twinCommand(): Command {
  const command = new Command('twin')
    .summary('what the chain says of a twin')
    .description(
      'Prints what the chain says of a twin: its account, relays and key. Without ID it is our own twin; with one, no secret is needed. No relay is asked.',
    )
    .argument('[id]', 'id or SS58 address');
  addTimeoutFlag(command, 30, 'how long to wait for the chain');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer twin 7
  $ rmb-peer twin 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --json | jq -r .relays[]
  $ rmb-peer twin --mnemonic-file secret --substrate wss://tfchain.test.grid.tf:443`,
    )
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      if (id !== undefined) {
        const target = parseTarget(id);
        return withChain(self, async (substrate, log) => {
          const chain = await openChain(substrate, log, timeout * 1000);
          return show(chain, await resolveTarget(target, chain), json);
        });
      }
      return withSettings(self, async ({ peer }, log) => {
        const identity = await identityOf(peer.secret, peer.keyType);
        if (!identity.ok) throw new CommandFailure('identity', identity.error.detail);
        const chain = await openChain(peer.substrate, log, timeout * 1000);
        return show(chain, { twin: await ownTwinOf(chain, identity.value) }, json);
      });
    });
}

async function show({ chain, place }: OpenChain, address: Address, isJson: boolean): Promise<void> {
  const twin = await asked(() => chain.twin(address.twin));
  chain.close();
  if (twin === undefined) {
    const looked = `TfgridModule.Twins at ${place} has nothing under ${address.twin}`;
    throw new CommandFailure('unknown-twin', `the chain knows no twin ${formatAddress(address)}: ${looked}`);
  }
  if (isJson) return void printJson(jsonOf(twin));
  const { id, account, relays, relay } = jsonOf(twin);
  const raw =
    relay === null || relay === relays.join('_') ? '' : paint('dim', ` (as it stands there: ${plain(relay)})`);
  print(`${paint('bold', `twin ${id}`)}`);
  print(`account  ${account}`);
  print(`relays   ${relays.join(' ') || paint('yellow', 'none: nobody can reach it')}${raw}`);
  print(`key      ${keyLine(twin)}`);
}

function keyLine({ id, pk }: Twin): string {
  const key = judgeKey(pk);
  if (key.kind === 'absent') return paint('yellow', 'none: what is sent to it is signed, not encrypted');
  return key.kind === 'valid' ? hex(key.bytes) : `${hex(key.bytes)}\n         ${paint('yellow', brokenKey(id))}`;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function jsonOf({ id, account, relay, pk }: Twin) {
  return {
    id,
    account: ss58Address(account),
    publicKey: hex(account),
    relays: relayDomains(relay),
    relay,
    pk: pk === null ? null : hex(pk),
    key: judgeKey(pk).kind,
  };
}
