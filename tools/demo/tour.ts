import { receive, send, textOf } from './bus.ts';
import { COMMANDS, serve } from './service.ts';
import type { Party, World } from './world.ts';

const ANSWER_SECONDS = 20;

/** Serves the demo's commands beside a peer, until its Redis connections end. */
export async function openServices(party: Party): Promise<void> {
  for (const [command, run] of Object.entries(COMMANDS)) {
    const redis = await party.connect();
    void serve(redis, command, run);
  }
}

/** Sends a few requests and prints what happened, so that a newcomer sees RMB in action. */
export async function showTour(world: World, say: (line: string) => void): Promise<void> {
  const { caller, secret, open } = world;
  const requests: [Party, string, string][] = [
    [secret, 'demo.echo', 'hello'],
    [open, 'demo.add', '19 + 23'],
    [secret, 'demo.add', 'two plus two'],
  ];
  for (const [to, command, payload] of requests) {
    const began = performance.now();
    const sent = await send(caller.redis, [to.twin], command, payload);
    const reply = await receive(caller.redis, sent, ANSWER_SECONDS);
    const ms = (performance.now() - began).toFixed(0);
    if (reply === undefined) throw new Error(`twin ${to.twin} did not reply to ${command} within ${ANSWER_SECONDS} s`);
    const answer = reply.err === null ? `'${textOf(reply)}'` : `error ${reply.err.code}: ${reply.err.message}`;
    say('');
    say(`  twin ${caller.twin} asks twin ${to.twin}: ${command} '${payload}'`);
    say(
      `    Redis > peer ${caller.twin} (signs${to.isEncrypted ? ', encrypts' : ''}) > relay > peer ${to.twin} (verifies${to.isEncrypted ? ', decrypts' : ''}) > Redis > service`,
    );
    say(`    ${to.isEncrypted ? 'encrypted end to end' : 'in the open: twin 4 has no key on chain'}`);
    say(`    reply after ${ms} ms, back the same way: ${answer}`);
  }
}

/** Prints how to send a request by hand. */
export function showHowTo(world: World, say: (line: string) => void): void {
  const { caller, secret } = world;
  const cli = `redis-cli -u ${caller.redisUrl}`;
  say('');
  say('Everything keeps running. Send a request of your own from another terminal:');
  say('');
  say(
    `  ${cli} lpush msgbus.system.local '{"ver":1,"cmd":"demo.echo","exp":60,"dat":"'$(echo -n hi | base64)'","dst":[${secret.twin}],"ret":"my.reply","now":'$(date +%s)'}'`,
  );
  say(`  ${cli} brpop my.reply 10`);
  say('');
  say('Ctrl-C ends it.');
}
