import { judgeKey } from '../../../client/directory/judge-key.ts';
import { brokenKey } from '../../../client/errors.ts';
import { ss58Address } from '../../../proto/identity.ts';
import { relayDomains, type Twin } from '../../../proto/twin.ts';
import { paint } from '../output.ts';
import { plain } from '../plain.ts';

/** Returns a twin's record for people. The twin's owner chose the texts. */
export function twinLines(twin: Twin): string[] {
  const { id, account, relays, relay } = twinJson(twin);
  const raw = relay === null || relay === relays.join('_') ? '' : paint('dim', ` (on chain: ${plain(relay)})`);
  return [
    paint('bold', `twin ${id}`),
    `account  ${account}`,
    `relays   ${relays.join(' ') || paint('yellow', 'none: no twin can reach it')}${raw}`,
    `key      ${keyLine(twin)}`,
  ];
}

/** Returns a twin's record for programs. */
export function twinJson({ id, account, relay, pk }: Twin) {
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

function keyLine({ id, pk }: Twin): string {
  const key = judgeKey(pk);
  if (key.kind === 'absent') return paint('yellow', 'none: messages to it are signed, not encrypted');
  return key.kind === 'valid' ? hex(key.bytes) : `${hex(key.bytes)}\n         ${paint('yellow', brokenKey(id))}`;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
