import { z } from 'zod';
import { TAKEN_OVER, USED_TWICE } from '../../../proto/session-close.ts';
import { type Line, type Lines, linesOf } from '../line.ts';

/** One step on the way to a relay; each needs the one before. `detail` is the observation or the fault. */
export type Step = { readonly what: 'name' | 'connection' | 'TLS' | 'answer'; readonly detail: string } & (
  | { readonly isOk: true }
  | { readonly isOk: false; readonly code: string }
);

/** Returns the steps before a session. */
function stepsOf(isTls: boolean): readonly Step['what'][] {
  return isTls ? ['name', 'connection', 'TLS', 'answer'] : ['name', 'connection', 'answer'];
}

/** @param steps as far as it got */
export function judgeWay(relay: URL, steps: readonly Step[]): Line[] {
  const lines = linesOf(`relay ${relay.host}`);
  return stepsOf(relay.protocol === 'wss:').map((what) => {
    const step = steps.find((each) => each.what === what);
    if (step === undefined) return lines.skipped(what, 'the step before failed');
    return step.isOk ? lines.ok(what, step.detail) : lines.fail(what, step.detail, wayRemedy(what, step.code));
  });
}

function wayRemedy(what: Step['what'], code: string): string {
  switch (what) {
    case 'name':
      return code === 'ENOTFOUND' ? 'no such name: correct --relay' : 'see the DNS of this machine (/etc/resolv.conf)';
    case 'connection':
      if (code === 'ECONNREFUSED') return 'nothing listens there: is the relay up, is the port of --relay right?';
      return 'nothing gets there: see the network and firewalls on the way';
    case 'TLS':
      return tlsRemedy(code);
    case 'answer':
      return 'it takes connections and says nothing: it hangs, or something on the way does';
  }
}

function tlsRemedy(code: string): string {
  if (/EXPIRED|NOT_YET/.test(code))
    return 'its certificate does not hold now: see the clock here, else tell its operator';
  if (/ALTNAME/.test(code)) return 'its certificate is for another name: correct --relay';
  if (/SELF_SIGNED|UNABLE_TO|UNTRUSTED/.test(code)) {
    return 'no known authority signed its certificate: is a proxy in between? For an authority of your own set NODE_EXTRA_CA_CERTS';
  }
  return 'it may not speak TLS on this port: correct --relay (ws:// or wss://, port)';
}

const MESSAGE = /"message":("(?:[^"\\]|\\.)*")/;
const text = z.string();

/**
 * Explains a session that was refused, or ended.
 * @param detail as the socket tells it: `refused: 401 …`, `4409 …`, or an error's words
 */
export function explainLoss(detail: string, twin: number): { readonly detail: string; readonly next: string } {
  const [, digits, body = ''] = /^refused: (\d+) ?(.*)$/s.exec(detail) ?? [];
  if (digits === undefined) return { detail, next: lossRemedy(detail) };
  const said = body === '' ? '' : `: ${messageIn(body)}`;
  return { detail: `refused with ${digits}${said}`, next: refusalRemedy(Number(digits), body, twin) };
}

function lossRemedy(detail: string): string {
  if (detail.endsWith(USED_TWICE.reason)) return 'another program uses this session of the twin: stop one of the two';
  if (detail.endsWith(TAKEN_OVER.reason)) return 'a newer connection opened the same session: try again';
  if (/no answer/.test(detail)) return 'it takes connections and says nothing: it hangs, or a proxy does';
  return 'try again; when it stays so tell the relay’s operator';
}

function refusalRemedy(status: number, body: string, twin: number): string {
  if (status === 401 && /expired/i.test(body)) return 'set the clock of this machine right (NTP)';
  if (status === 401 && /signature|twin not found|unknown-twin/i.test(body)) {
    return `this relay knows twin ${twin} with another account: it follows another network than --substrate. Use both of one network`;
  }
  if (status === 401) return 'it refuses the token: is it an RMB relay?';
  if (status === 403) return 'something on the way forbids it: a proxy, a firewall, or the relay’s operator';
  if (status === 404)
    return 'something else answers there: correct --relay (host, port), or the proxy before the relay';
  if (status === 429 && body.includes('too-many-strangers'))
    return 'too many connections from your address failed: wait a minute';
  if (status === 429) return 'this twin has too many sessions there: end some';
  if (status >= 500) return 'the relay has trouble of its own: wait, else tell its operator';
  if (status >= 300 && status < 400) return 'it is somewhere else: name the relay itself in --relay';
  return 'no WebSocket gets through: a proxy on the way must pass upgrades on, or this is no relay';
}

/** The relay’s own words, where it tells them as JSON; it may be cut short, or none. */
function messageIn(body: string): string {
  const [, quoted] = MESSAGE.exec(body) ?? [];
  if (quoted === undefined) return body;
  try {
    return text.parse(JSON.parse(quoted));
  } catch {
    // A stranger's escapes.
    return body;
  }
}

/** Returns the checks that need a session, skipped. */
export function sessionSkipped(lines: Lines, why: string): Line[] {
  return ['upgrade', 'round trip', 'used once'].map((what) => lines.skipped(what, why));
}
