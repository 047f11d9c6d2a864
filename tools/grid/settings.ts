import { fileURLToPath } from 'node:url';
import { unstable_readConfig } from 'wrangler';
import { parseSettings } from '../../durable-objects/settings.ts';

const CONFIG = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** Settings that the model uses, as wrangler.toml's production environment has them. Throws when one is invalid. */
export function productSettings(): {
  readonly rateLimit: { readonly messages: number; readonly bytes: number };
  readonly mailboxMessages: number;
} {
  const settings = parseSettings(unstable_readConfig({ config: CONFIG, env: 'production' }).vars);
  if (!settings.ok) throw new Error(`wrangler.toml: ${settings.error}`);
  const { rateLimit, mailbox } = settings.value;
  return { rateLimit, mailboxMessages: mailbox.maxMessages };
}
