import type { Handled } from '../../../client/serving/handlers.ts';
import { msText, paint } from '../output.ts';
import { plain, plainJson } from '../plain.ts';

/** Returns the line of a request that was served. Its caller chose its texts. */
export function handledLine({ uid, source, command, error, ms }: Handled, isJson: boolean): string {
  if (isJson) {
    const milliseconds = Number(ms.toFixed(1));
    return plainJson({ type: 'request', uid, source, command, error: error ?? null, milliseconds });
  }
  const outcome = error === undefined ? paint('green', 'answered') : paint('red', `error: ${plain(error)}`);
  return `${plain(command)} from ${plain(source)}: ${outcome}, ${msText(ms)} ms`;
}
