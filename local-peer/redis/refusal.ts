import { ErrorReply } from 'redis';

/** Refusals of a Redis that is starting, failing over or full: the same command may be taken a moment later. */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|UNBLOCKED)\b/;
/** What a Redis before 7 says first when it is a script's command that it refuses. */
const OF_A_SCRIPT = /^(ERR Error running script \(call to \w+\): )?(@user_script: ?\d+: )+-?/;

/** Whether the same command may succeed later: Redis is away, or says that it cannot take it now. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof ErrorReply) || PASSING.test(error.message.replace(OF_A_SCRIPT, ''));
}

/** Whether the ACL keeps a key from us. A script whose keys it forbids is refused before it runs. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('NOPERM');
}
