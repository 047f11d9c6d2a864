// Serves the page, and rmb-client as one script: npm run example:page -- [--port 8080]
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } });

// No inline script, no eval, no WebAssembly. The visitor chooses relay and chain, so all are allowed.
const POLICY = "default-src 'self'; connect-src ws: wss: http: https:; object-src 'none'; base-uri 'none'";
const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' };

const files = new Map();
for (const name of ['index.html', 'page.js', 'chart.js', 'style.css']) {
  files.set(`/${name}`, await readFile(new URL(name, import.meta.url)));
}
const bundle = await build({
  entryPoints: { 'rmb-client': 'rmb-client' },
  // In this repository the package is not built: its sources are as good. A page elsewhere needs no condition.
  conditions: ['rmb-edge-source'],
  outdir: '/',
  bundle: true,
  minify: true,
  splitting: true,
  write: false,
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
});
for (const { path, contents } of bundle.outputFiles) files.set(path, contents);

const server = createServer(({ url = '/' }, response) => {
  const path = url === '/' ? '/index.html' : url;
  const file = files.get(path);
  const type = TYPES[path.split('.').at(-1)] ?? 'text/plain';
  response.writeHead(file === undefined ? 404 : 200, { 'content-type': type, 'content-security-policy': POLICY });
  response.end(file ?? 'not found');
});
server.listen(Number(values.port), '127.0.0.1', () => console.log(`page: http://localhost:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => process.exit()));
