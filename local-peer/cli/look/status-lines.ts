import { pendingTwins, type RequestStatus, type Step } from '../../bridge/request-status.ts';
import { paint } from '../output.ts';
import { plain } from '../plain.ts';

const RETRIED = 'sent again if the peer stops before the reply';

/** Returns the status of a request for people: a line for each step. Programs, twins and relays chose the texts. */
export function statusLines(status: RequestStatus): string[] {
  const { uid, ref, command, destinations, steps, until } = status;
  const pending = pendingTwins(status);
  const end = until === undefined ? '' : ` until ${timeOf(until)}`;
  return [
    paint('bold', `request ${plain(uid)}`),
    `ref      ${ref === null ? 'none' : plain(ref)}`,
    `command  ${plain(command)}, to ${destinations.map((twin) => `twin ${twin}`).join(', ')}`,
    ...(steps.length === 0
      ? ['sent before this daemon started: it knows no more; a reply still reaches its program']
      : []),
    ...steps.map((step) => `${timeOf(step.at)}  ${nameOf(step)}  ${meaningOf(step)}`),
    ...(pending.length === 0 || steps.length === 0
      ? []
      : [paint('yellow', `waits for ${pending.map((twin) => `twin ${twin}`).join(', ')}${end}; ${RETRIED}`)]),
  ];
}

function nameOf({ name }: Step): string {
  const text = name.padEnd(9);
  return name === 'replied' ? paint('green', text) : name === 'failed' ? paint('red', text) : text;
}

/** Returns what a step means. Nothing tells this peer what happens beyond it. */
function meaningOf({ name, twin, relay, detail }: Step): string {
  const whom = twin === undefined ? 'all twins' : `twin ${twin}`;
  const by = relay === undefined ? 'a relay' : plain(relay);
  const why = detail === undefined ? '' : plain(detail);
  switch (name) {
    case 'accepted':
      return 'this peer has it from the program';
    case 'sent':
      return `to ${whom}: a relay was given it`;
    case 'delivered':
      return `the peer of ${whom} has it, says ${by}; its service has to answer`;
    case 'stored':
      return `${whom} is away: it waits in the mailbox at ${by}`;
    case 'queued':
      return `${by} keeps it for another relay of ${whom}`;
    case 'handed':
      return `${by} has it for ${whom}, and cannot say more`;
    case 'replied':
      return why === '' ? `by ${whom}` : `by ${whom}: ${why}`;
    case 'failed':
      return `${whom}: ${why}`;
    case 'expired':
      return `${whom} did not reply in time`;
  }
}

/** Returns a local time, to the millisecond. */
function timeOf(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
