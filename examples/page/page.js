import { draw } from '/chart.js';
import { connect } from '/rmb-client.js';

/** The page's elements, by id. */
const at = (id) => document.getElementById(id);
const connecting = at('connect').elements;
const calling = at('call').elements;

/** The node's twin, and the bus; undefined before it is connected. */
let twin;
let bus;
/** Ends the stream that runs. */
let stop = () => {};

at('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  join().catch((error) => say('bad', error.message));
});

async function join() {
  stop();
  say('idle', 'Connecting…');
  await bus?.close();
  bus = await connect({
    relays: [connecting.relay.value],
    chain: [connecting.chain.value],
    secret: connecting.secret.value.trim(),
  });
  twin = connecting.twin.value;
  document.querySelector('main').hidden = false;
  watch(bus).catch((error) => say('bad', error.message));
  await list();
}

/** Says in one line what the bus does, or what is wrong with it. */
async function watch(watched) {
  const parts = new Map();
  for await (const event of watched.status()) {
    parts.set(`${event.type} ${event.relay ?? ''}`, event);
    const all = [...parts.values()];
    const down = all.find(({ isUp }) => isUp === false);
    const full = all.find(({ isFull }) => isFull);
    const misplaced = all.find(({ isMisplaced }) => isMisplaced);
    const up = all.find(({ type, isUp }) => type === 'relay' && isUp);
    if (down) say(up ? 'warn' : 'bad', `${down.relay ?? 'The chain'}: ${down.detail}. Trying again…`);
    else if (full) say('warn', `Calls wait: ${watched.state.unacknowledged} messages have no receipt yet`);
    else if (misplaced) say('warn', misplaced.detail);
    else if (up) say('good', `Connected to ${up.relay} as ${watched.state.address}${up.custody ? ', in custody' : ''}`);
  }
}

function say(state, text) {
  at('status').dataset.state = state;
  at('status').textContent = text;
}

/** Lists the node's commands, if it tells them. */
async function list() {
  const { commands: known } = await bus.commands(twin).catch(() => ({ commands: [] }));
  at('commands').replaceChildren(...known.map(({ name, summary = '' }) => commandItem(name, summary)));
  at('listed').textContent =
    known.length > 0 ? '' : `Twin ${twin} does not list its commands: type one. Those that replied stay here.`;
}

/** Notes a command, so that a click brings it back. */
function remember(name) {
  const items = [...at('commands').children];
  if (!items.some((item) => item.dataset.name === name)) at('commands').append(commandItem(name, ''));
}

function commandItem(name, summary) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name });
  const text = Object.assign(document.createElement('small'), { textContent: summary });
  if (summary) button.append(text);
  button.addEventListener('click', () => {
    calling.command.value = name;
  });
  const item = document.createElement('li');
  item.dataset.name = name;
  item.append(button);
  return item;
}

at('call').addEventListener('submit', (event) => {
  event.preventDefault();
  call().catch((error) => reply('bad', `${error.code ?? error.name}: ${error.message}`));
});

async function call() {
  const name = calling.command.value;
  reply('empty', `Waiting for twin ${twin}…`);
  const began = performance.now();
  const value = await bus.call(twin, name, JSON.parse(calling.argument.value));
  at('took').textContent = `in ${Math.round(performance.now() - began)} ms`;
  reply('', JSON.stringify(value, null, 2));
  remember(name);
}

function reply(state, text) {
  if (state !== '') at('took').textContent = '';
  at('reply').className = state;
  at('reply').textContent = text;
}

calling.stream.addEventListener('click', () => {
  stream().catch((error) => {
    at('field').textContent = `${error.code ?? error.name}: ${error.message}`;
  });
});
calling.stop.addEventListener('click', () => stop());

async function stream() {
  stop();
  const name = calling.command.value;
  const ending = new AbortController();
  stop = () => ending.abort();
  const seen = [];
  at('values').replaceChildren();
  calling.stop.disabled = false;
  try {
    const values = bus.stream(twin, name, JSON.parse(calling.argument.value), { signal: ending.signal });
    for await (const value of values) {
      seen.push(value);
      at('count').textContent = `${seen.length} values of ${name}`;
      at('field').textContent = draw(seen);
      const item = Object.assign(document.createElement('li'), { textContent: JSON.stringify(value) });
      at('values').prepend(item);
      at('values').children[5]?.remove();
    }
    remember(name);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    remember(name);
  } finally {
    calling.stop.disabled = true;
  }
}
