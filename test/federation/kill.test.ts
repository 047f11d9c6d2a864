import { expect, it } from 'vitest';
import { federateUnderKills, killsText } from '../rig/relay/federation-kills.ts';

/** Requests in each of the two directions. */
const REQUESTS = 5_000;
const TTL = 45;
/** `npm run federation-kills` kills as often as one likes. */
const KILLS = 4;

it('each of 10,000 requests between two relays gets an answer or an error while either relay is killed again and again', async () => {
  const report = await federateUnderKills(REQUESTS, TTL, KILLS);
  console.log(killsText(report));
  for (const { lost, strays, answered, errors } of report.loads) {
    expect({ lost, strays }).toEqual({ lost: [], strays: [] });
    const refused = Object.values(errors).reduce((sum, each) => sum + each, 0);
    expect(answered + refused).toBeGreaterThanOrEqual(REQUESTS);
  }
});
