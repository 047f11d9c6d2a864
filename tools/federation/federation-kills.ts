import { parseArgs } from 'node:util';
import { federateUnderKills, killsText } from '../../test/rig/relay/federation-kills.ts';

/** Runs the kill test in any size: `npm run federation-kills -- --requests 50000 --kills 100`. */
const { values } = parseArgs({
  options: { requests: { type: 'string', default: '20000' }, kills: { type: 'string', default: '40' } },
});
const report = await federateUnderKills(Number(values.requests), 45, Number(values.kills));
console.log(killsText(report));
const isBad = report.loads.some(({ lost, strays }) => lost.length > 0 || strays.length > 0);
process.exitCode = isBad ? 1 : 0;
