import { describe, expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';

// What wrangler.toml says to a deploy, with all that an environment inherits.
describe.each([undefined, 'staging', 'production'])('the environment %s', (env) => {
  const { observability } = unstable_readConfig({ config: 'wrangler.toml', env });

  it('keeps every line of the relay, and no line of the platform for each invocation', () => {
    expect(observability).toMatchObject({
      enabled: true,
      logs: { enabled: true, head_sampling_rate: 1, invocation_logs: false },
    });
    expect(observability?.head_sampling_rate ?? 1).toBe(1);
  });
});

describe.each([undefined, 'staging', 'production'])('a twin of the environment %s', (env) => {
  it('sends at most 30,000 messages and 256 MiB a minute', () => {
    const { vars } = unstable_readConfig({ config: 'wrangler.toml', env });
    expect(vars).toMatchObject({ RATE_LIMIT_MESSAGES: '30000', RATE_LIMIT_BYTES: String(256 * 2 ** 20) });
  });
});

it('a production relay is reached by its own name only', () => {
  const production = unstable_readConfig({ config: 'wrangler.toml', env: 'production' });
  expect(production).toMatchObject({ workers_dev: false, preview_urls: false });
});
