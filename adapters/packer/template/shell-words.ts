import { anyText } from './hcl-alternatives.ts';

/** What the shell fills in while it runs: a private character, which no path has. */
export const shellText = '\uF8FE';

/** A word of a shell's commands, and what the command does with it. */
export interface ShellWord {
  readonly text: string;
  /**
   * `runs`, `reads`: a file that is certainly read. `names`: it is handed to a command, which may read or write it or
   * take it for something else. `enters`: relative paths start there from now on. `opens`, `closes`: a subshell, whose
   * folder is its own.
   */
  readonly use: 'runs' | 'reads' | 'names' | 'enters' | 'opens' | 'closes';
}

type Token =
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'break' }
  | { readonly type: 'redirect'; readonly reads: boolean }
  | { readonly type: 'opens' | 'closes' };

/** Commands in commands, as in $(...), are followed no deeper. */
const deepest = 5;

/** Words after which a command still follows; so may one that only packer knows: assignments, a prefix. */
const before = new Set([
  'if',
  'then',
  'else',
  'elif',
  'do',
  'while',
  'until',
  '!',
  '{',
  '}',
  'time',
  'exec',
  'sudo',
  'env',
  'nohup',
  'command',
  'eval',
]);

/** Their first argument is a program. */
const interpreters = new Set([
  '.',
  'source',
  'sh',
  'bash',
  'dash',
  'zsh',
  'ksh',
  'python',
  'python3',
  'perl',
  'ruby',
  'node',
  'pwsh',
  'powershell',
]);

/** What they are given is printed, tested, made or removed: none of it is read. */
const readNothing = new Set([
  'echo',
  'printf',
  'mkdir',
  'rmdir',
  'rm',
  'touch',
  'tee',
  'test',
  '[',
  '[[',
  'ls',
  'true',
  'false',
  'exit',
  'export',
  'unset',
  'set',
  'read',
  'return',
  'shift',
  'trap',
  'wait',
  'kill',
  'sleep',
  'chmod',
  'chown',
  'for',
  'case',
  'which',
  'type',
]);

/** Their last argument is what they write. */
const writeLast = new Set(['cp', 'mv', 'ln', 'install', 'rsync', 'scp']);

/**
 * The words of commands in the notation of a POSIX shell that may name files. It is no shell: it knows quotes,
 * expansions, redirections, subshells and what the usual commands do with their arguments, and nothing else.
 */
export function shellWords(script: string): ShellWord[] {
  return wordsOf(script, 0);
}

function wordsOf(script: string, depth: number): ShellWord[] {
  if (depth > deepest) return [];
  const nested: string[] = [];
  const words: ShellWord[] = [];
  let command: Token[] = [];
  for (const token of [...tokensOf(script, nested), { type: 'break' } as const]) {
    if (token.type === 'word' || token.type === 'redirect') {
      command.push(token);
      continue;
    }
    words.push(...wordsOfCommand(command, depth));
    command = [];
    if (token.type !== 'break') words.push({ text: '', use: token.type });
  }
  for (const inner of nested) words.push({ text: '', use: 'opens' }, ...wordsOf(inner, depth + 1), { text: '', use: 'closes' });
  return words;
}

function wordsOfCommand(tokens: readonly Token[], depth: number): ShellWord[] {
  const words: ShellWord[] = [];
  const plain: string[] = [];
  tokens.forEach((token, at) => {
    const last = tokens[at - 1];
    if (token.type !== 'word') return;
    if (last?.type !== 'redirect') plain.push(token.text);
    else if (last.reads) words.push({ text: token.text, use: 'reads' });
  });
  let start = 0;
  for (; start < plain.length; start += 1) {
    const word = plain[start] ?? '';
    const assigned = /^[A-Za-z_]\w*=(.*)$/s.exec(word)?.[1];
    if (assigned !== undefined) words.push({ text: assigned, use: 'names' });
    else if (word !== anyText && !before.has(word) && !(start > 0 && word.startsWith('-'))) break;
  }
  const [name, ...given] = plain.slice(start);
  return name === undefined ? words : [...words, ...wordsOfProgram(name, given, depth)];
}

function wordsOfProgram(name: string, given: readonly string[], depth: number): ShellWord[] {
  const named = (words: readonly string[]): ShellWord[] => words.flatMap((word) => argument(word));
  if (name === 'cd' || name === 'pushd') return [{ text: given.find((word) => !word.startsWith('-')) ?? shellText, use: 'enters' }];
  if (name === 'popd') return [{ text: shellText, use: 'enters' }];
  if (readNothing.has(name)) return [];
  if (interpreters.has(name)) {
    const at = given.findIndex((word) => !word.startsWith('-'));
    const program = given[at];
    if (program === undefined) return [];
    const option = given[at - 1];
    if (option === '-c' || option === '-ec' || option === '-lc') return [...wordsOf(program, depth + 1), ...named(given.slice(at + 1))];
    return option === '-m' || option === '-e'
      ? named(given.slice(at + 1))
      : [{ text: program, use: 'runs' }, ...named(given.slice(at + 1))];
  }
  // A name without a folder is a program of the machine's.
  const own: ShellWord[] = name.includes('/') || name.includes('\\') ? [{ text: name, use: 'runs' }] : [];
  const withoutOutput = given.filter((_, at) => !/^(?:-o|-O|--output)$/.test(given[at - 1] ?? ''));
  return [...own, ...named(writeLast.has(name) ? withoutOutput.slice(0, -1) : withoutOutput)];
}

/** `--option=path` and `@path` name a path as `path` alone does. */
function argument(word: string): ShellWord[] {
  const text = (/^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word).replace(/^@/, '');
  return text === '' || text.startsWith('-') ? [] : [{ text, use: 'names' }];
}

function tokensOf(script: string, nested: string[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let word: string | undefined;

  function endWord(): void {
    if (word !== undefined) tokens.push({ type: 'word', text: word });
    word = undefined;
  }

  /** What stands at a `$` or a backtick; answers whether it was an expansion. */
  function takeExpansion(): boolean {
    const rest = script.slice(at, at + 4096);
    const inBackticks = /^`((?:[^`\\]|\\.)*)`/s.exec(rest);
    const substituted = rest.startsWith('$(') ? closedBy(rest) : undefined;
    const variable = /^\$(?:\{[^}]*\}|\w+|[?#@*!$-])/.exec(rest);
    const length = inBackticks?.[0].length ?? substituted?.length ?? variable?.[0].length;
    if (length === undefined) return false;
    if (inBackticks?.[1] !== undefined) nested.push(inBackticks[1]);
    if (substituted !== undefined) nested.push(substituted.slice(2, -1));
    word = `${word ?? ''}${/^\$\{?HOME\b/.test(rest) ? '~' : shellText}`;
    at += length;
    return true;
  }

  function takeQuoted(quote: string): void {
    at += 1;
    word ??= '';
    while (at < script.length && script.charAt(at) !== quote) {
      if (quote === '"' && takeExpansion()) continue;
      if (quote === '"' && script.charAt(at) === '\\') at += 1;
      word += script.charAt(at);
      at += 1;
    }
    at += 1;
  }

  while (at < script.length) {
    const character = script.charAt(at);
    const rest = script.slice(at, at + 256);
    const redirection = /^(?:<<-?\s*['"]?(\w+)['"]?|<<<|\d*>>?(?:&\d?-?|\|)?|<)/.exec(word === undefined ? rest : rest.replace(/^\d+/, ''));
    if (character === "'" || character === '"') takeQuoted(character);
    else if ((character === '$' || character === '`') && takeExpansion()) continue;
    else if (character === '\\') {
      if (script.charAt(at + 1) !== '\n') word = `${word ?? ''}${script.charAt(at + 1)}`;
      at += 2;
    } else if (character === '#' && word === undefined) {
      while (at < script.length && script.charAt(at) !== '\n') at += 1;
    } else if (redirection !== null && /[<>\d]/.test(character)) {
      endWord();
      at += redirection[0].length;
      const mark = redirection[1];
      if (mark !== undefined) at = endOfHeredoc(script, at, mark);
      else if (!/&\d|&-|<<</.test(redirection[0])) tokens.push({ type: 'redirect', reads: redirection[0] === '<' });
    } else if (/[\n;&|()]/.test(character)) {
      endWord();
      tokens.push({ type: character === '(' ? 'opens' : character === ')' ? 'closes' : 'break' });
      at += 1;
    } else if (/\s/.test(character)) {
      endWord();
      at += 1;
    } else {
      word = `${word ?? ''}${character}`;
      at += 1;
    }
  }
  endWord();
  return tokens;
}

/** From `$(` to the bracket that closes it. */
function closedBy(text: string): string | undefined {
  let open = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text.charAt(at) === '(') open += 1;
    if (text.charAt(at) === ')') open -= 1;
    if (open === 0) return text.slice(0, at + 1);
  }
  return undefined;
}

function endOfHeredoc(script: string, from: number, mark: string): number {
  const closing = new RegExp(`^\\t*${mark}$`, 'm');
  const line = script.indexOf('\n', from);
  const found = line === -1 ? null : closing.exec(script.slice(line + 1));
  return found === null || line === -1 ? script.length : line + 1 + found.index + found[0].length;
}
