import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proseOf } from './prose.ts';

/** The folders that `npm run check` covers; `.` covers the root's own files. */
const COVERED: readonly string[] = [
  '.',
  'docs',
  'proto',
  'client',
  'workers',
  'durable-objects',
  'local-peer',
  'test',
  'tools',
];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = '*.{ts,mjs,go,proto,py,toml,service,md}';
/** Generated code and bundles; the tests of this check, which quote the words; mutants, which quote code of other rooms. */
const LEFT_OUT =
  /worker-configuration|^proto\/codec\.|^local-peer\/dist\/|^tools\/checks\/(?:language|prose)\.test\.ts$|\/mutants(?:-\w+)?\.ts$/;

/** Longer sentences need two readings. */
const MOST_WORDS = 40;

/** Words that the project does not use, and what to write instead. "works" for workloads is left to readers. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\banew\b/gi, 'again'],
  [/\bbears\b/gi, 'has, or carries'],
  [/\bby\s+the\s+letter\b/gi, 'exactly'],
  [/\bdue\b/gi, 'expired, scheduled, or because of'],
  // `There is none` is plain English; `the secret is none` is not.
  [/(?<!\bthere\s+)\bis\s+none\b/gi, 'is invalid, or is not a …'],
  [/\bis\s+told\b/gi, 'gets an error, or receives'],
  [/\blies\b/gi, 'is, or is stored'],
  [/\bmeant\b/gi, 'intended'],
  [/\bno\s+longer\s+than\b/gi, 'at most'],
  [/\bours\b/gi, 'name the owner: this peer, this relay'],
  [/\bstands\b/gi, 'is, or means'],
  [/\btakes\s+leave\b/gi, 'disconnects, or stops'],
  [/\bthe\s+elder\b/gi, 'the older one'],
  [/\bwhat\s+waits\b/gi, 'the pending …'],
  [/\bwhoever\b/gi, 'the client, a program that …'],
];

/** A finding; `line` counts from 1. */
export interface Finding {
  readonly line: number;
  readonly problem: string;
}

/** Returns the banned words of a file and, in Markdown, its overlong sentences, in order of their lines. */
export function findingsOf(path: string, text: string): Finding[] {
  const prose = proseOf(path, text);
  const findings = bannedWords(prose);
  if (path.endsWith('.md')) findings.push(...longSentences(prose));
  return findings.sort((a, b) => a.line - b.line);
}

function bannedWords(prose: string): Finding[] {
  return BANNED.flatMap(([word, instead]) =>
    [...prose.matchAll(word)].map(({ 0: found, index }) => ({
      line: lineAt(prose, index),
      problem: `"${found.replaceAll(/\s+/g, ' ')}": write ${instead}`,
    })),
  );
}

function longSentences(prose: string): Finding[] {
  const findings: Finding[] = [];
  // A paragraph ends at an empty line, a heading, a list item or a cell of a table.
  for (const paragraph of prose.matchAll(/(?:(?!\n\s*\n|\n\s*(?:#|>|[-*+] |\d+\. )|\|)[\s\S])+/g)) {
    for (const sentence of paragraph[0].matchAll(/\S[\s\S]*?(?:[.!?][)”"*_]*(?=\s)|$)/g)) {
      const words = sentence[0].split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
      if (words.length <= MOST_WORDS) continue;
      const line = lineAt(prose, paragraph.index + sentence.index);
      findings.push({ line, problem: `a sentence of ${words.length} words: "${words.slice(0, 6).join(' ')} …"` });
    }
  }
  return findings;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Throws naming each finding in the folders. */
export async function checkLanguage(folders: readonly string[] = COVERED): Promise<void> {
  const faults: string[] = [];
  let read = 0;
  const patterns = folders.map((folder) => (folder === '.' ? FILES : `${folder}/**/${FILES}`));
  for await (const path of glob(patterns, { cwd: ROOT, exclude: (name) => /node_modules|\bdist$/.test(name) })) {
    if (LEFT_OUT.test(path)) continue;
    read += 1;
    const text = await readFile(join(ROOT, path), 'utf8');
    for (const { line, problem } of findingsOf(path, text)) faults.push(`${path}:${line}: ${problem}`);
  }
  if (read === 0) faults.push(`no files in ${folders.join(', ')}`);
  if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${faults.length} findings in ${read} files`);
}

// `node tools/checks/language.ts client` checks one folder; without a folder, those of COVERED.
if (import.meta.main) {
  const folders = process.argv.slice(2).map((folder) => folder.replace(/\/$/, ''));
  await checkLanguage(folders.length > 0 ? folders : COVERED).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
