import { logLine } from '../durable-objects/log.ts';
import { type PlatformError, platformErrorOf } from '../durable-objects/platform-errors.ts';
import { type CountingEnv, workerCount } from './operator/worker-counts.ts';

/** Logs and counts a failed call of an object. Returns what the platform says. @param what names the call, for the log */
export function objectFailed(
  env: CountingEnv,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  what: object,
  error: unknown,
): PlatformError {
  const kind = platformErrorOf(error);
  workerCount(env, ctx)('relay_platform_errors_total', 1, kind);
  logLine('warn', 'object-call-failed', { ...what, kind, error: String(error) });
  return kind;
}
