import { glob, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FENCE = /^( *)(```|~~~)[\s\S]*?^\1\2 *$/gm;
const LINK = /\[[^\]]*\]\(([^()\s]+)\)/g;
const ABSOLUTE = /^[a-z][a-z+.-]*:/;

/** A relative link: a path from the page, which may be empty, and the anchor behind `#`. */
interface Link {
  readonly line: number;
  readonly path: string;
  readonly anchor?: string;
}

/** Returns the relative links of a page outside of code, images too. */
export function linksOf(page: string): Link[] {
  const prose = page.replaceAll(FENCE, keepLines).replaceAll(/`[^`\n]*`/g, keepLines);
  return [...prose.matchAll(LINK)].flatMap(({ 1: target = '', index }) => {
    if (ABSOLUTE.test(target)) return [];
    const [path = '', anchor] = target.split('#', 2);
    return [{ line: prose.slice(0, index).split('\n').length, path, ...(anchor === undefined ? {} : { anchor }) }];
  });
}

/** Returns the anchors of a page's headings, as GitHub names them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of page.replaceAll(FENCE, '').matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = name;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${name}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function keepLines(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** Throws naming each relative link of a Markdown page whose file or heading does not exist. */
export async function checkLinks(): Promise<void> {
  const faults: string[] = [];
  let pages = 0;
  for await (const path of glob('**/*.md', { cwd: ROOT, exclude: (name) => name.includes('node_modules') })) {
    pages += 1;
    const page = await readFile(join(ROOT, path), 'utf8');
    for (const link of linksOf(page)) {
      const fault = await linkFault(path, page, link);
      if (fault !== undefined) faults.push(`${path}:${link.line}: ${fault}`);
    }
  }
  if (pages === 0) faults.push('no pages found');
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

async function linkFault(from: string, page: string, { path, anchor }: Link): Promise<string | undefined> {
  const file = path === '' ? join(ROOT, from) : join(ROOT, dirname(from), decodeURIComponent(path));
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return `there is no ${relative(ROOT, file)}`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  const anchors = anchorsOf(path === '' ? page : await readFile(file, 'utf8'));
  return anchors.has(anchor) ? undefined : `${relative(ROOT, file)} has no heading #${anchor}`;
}
