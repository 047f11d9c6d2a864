/** Comments, strings and regular expressions of TypeScript, JavaScript, Go and .proto files. */
const C_TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|(?<=[(,=:[!&|?{;]\s*|return\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g;
/** Comments and strings of Python, TOML and unit files. */
const HASH_TOKEN = /#[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;

const SQL = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|PRAGMA)\b/;
const COMMENT = /^(?:\/\/|\/\*|#)/;

/**
 * The functions below return a text of the same length with everything but prose blanked, so that an offset in it is an
 * offset in the file. Blanked characters become `|`; whitespace stays, so that a phrase is found across two lines.
 */
export function proseOf(path: string, text: string): string {
  if (path.endsWith('.md')) return markdownProse(text);
  return sourceProse(text, /\.(?:py|toml|service)$/.test(path) ? HASH_TOKEN : C_TOKEN);
}

function sourceProse(text: string, token: RegExp): string {
  let prose = '';
  let end = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    prose += blank(text.slice(end, index)) + tokenProse(found);
    end = index + found.length;
  }
  return prose + blank(text.slice(end));
}

function tokenProse(token: string): string {
  if (COMMENT.test(token)) {
    const leaders = token.replaceAll(/^\s*(?:\/\/|\/\*\*?|\*\/|\*|#)|\*\/$/gm, spaces);
    return leaders.replaceAll(/`[^`]*`/g, blank);
  }
  const content = token.slice(1, -1);
  // A string of one word is a name or data, and SQL names columns: neither is prose.
  if (token.startsWith('/') || !/\s/.test(content) || SQL.test(content)) return blank(token);
  return `|${content.replaceAll(/\$\{[^}]*\}|`[^`]*`/g, blank)}|`;
}

/** Code, comments and link targets are blanked. Inline code and quotations “…” count as one word. */
function markdownProse(text: string): string {
  return text
    .replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2 *$/gm, blank)
    .replaceAll(/<!--[\s\S]*?-->/g, blank)
    .replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, oneWord)
    .replaceAll(/“[^”]*”/g, oneWord)
    .replaceAll(/(?<=\])\([^()\s]*\)/g, spaces)
    .replaceAll(/https?:\/\/[^\s)>]+/g, oneWord);
}

const blank = (text: string) => text.replaceAll(/\S/g, '|');
const spaces = (text: string) => text.replaceAll(/\S/g, ' ');
/** Newlines stay, because an offset must keep its line. */
const oneWord = (text: string) => text.replaceAll(/[^\n]/g, 'x');
