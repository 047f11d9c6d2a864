import {
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from 'redis';
import { refusalOf } from './refusal.ts';

/** Describes why there is no connection; the system's code (ECONNREFUSED) and Redis' code (WRONGPASS) stay. */
export function lossOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(lossOf).join(', ');
  const refusal = refusalOf(error);
  if (refusal !== undefined) return `${refusal.code}: ${refusal.reason}; ${refusal.remedy}`;
  if (error instanceof SocketClosedUnexpectedlyError) return 'Redis closed the connection';
  if (error instanceof DisconnectsClientError) return 'the peer dropped the connection';
  if (error instanceof ConnectionTimeoutError) return 'no connection in time: is the address in --redis right?';
  if (error instanceof SocketTimeoutError) return 'no answer in time';
  if (error instanceof Error && 'code' in error) return error.message;
  return 'the server does not answer like Redis: is the address in --redis right?';
}
