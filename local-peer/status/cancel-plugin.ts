import type { Plugin } from '../../client/serving/plugin.ts';
import type { RequestStatus } from '../bridge/request-status.ts';
import { UNKNOWN } from './status-plugin.ts';

/** Command of a local program that cancels a request of this machine; its payload is the uid or the ref. */
const CANCEL_COMMAND = 'rmb.cancel';

/** Requests that can be cancelled. */
export interface CancelSources {
  find(name: string): RequestStatus | undefined;
  /** Cancels what is pending of a request. Returns the twins that had not replied. */
  cancel(status: RequestStatus): Promise<readonly number[]>;
}

/**
 * Returns the plugin that lets local programs cancel requests. The program of the request gets an error in place of each
 * reply. @param other the plugin of the same name, which gets all other commands
 */
export function cancelPlugin({ find, cancel }: CancelSources, other: Plugin): Plugin {
  return {
    name: 'rmb',
    async local(request) {
      if (request.command !== CANCEL_COMMAND) return other.local?.(request);
      const status = find(new TextDecoder().decode(request.data));
      if (status === undefined) return UNKNOWN;
      const twins = await cancel(status);
      return { data: new TextEncoder().encode(JSON.stringify({ twins })), schema: 'application/json' };
    },
  };
}
