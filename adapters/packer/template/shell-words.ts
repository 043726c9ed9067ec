import { anyText } from './hcl-alternatives.ts';
import {
  type Alternatives,
  addValues,
  assignedValues,
  countFilled,
  filledText,
  filledWords,
  noShellVariables,
  type ShellVariables,
  referenceTo,
  seenText,
  shellText,
} from './shell-variables.ts';

/** Unquoted `*`, `?`, `[` and `{`, by which a word stands for several files, and what they stand as in a word. */
const patternMarks: ReadonlyMap<string, string> = new Map([
  ['*', '\uF8F9'],
  ['?', '\uF8FA'],
  ['[', '\uF8FB'],
  ['{', '\uF8FC'],
]);
const patternCharacters: ReadonlyMap<string, string> = new Map([...patternMarks].map(([character, mark]) => [mark, character]));

/** Where the first character is that makes a word a pattern of files; -1 where none does. */
export function patternStart(text: string): number {
  return text.search(/[\uF8F9-\uF8FC]/);
}

/** A word as it is written. */
export function writtenWord(text: string): string {
  return text.replace(/[\uF8F9-\uF8FC]/g, (mark) => patternCharacters.get(mark) ?? mark);
}

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
  | { readonly type: 'break'; readonly pipes: boolean }
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
  'case',
  'which',
  'type',
]);

/** What these print, `xargs` and `while read` take for names of files. */
const printNames = new Set(['ls', 'echo', 'printf']);

/** Their last argument is what they write. */
const writeLast = new Set(['cp', 'mv', 'ln', 'install', 'rsync', 'scp']);

/** What they are given are paths: a name without `/` may well be a folder. */
const takeFolders = new Set([...writeLast, 'find', 'run-parts', 'tar', 'zip']);

/** `make -C x`, `terraform -chdir=x`: the program works there. */
const folderOption = /^(?:-C|--directory(?:=.*)?|-?-chdir(?:=.*)?)$/s;

/** They give values to variables, as an assignment does. */
const declarations = new Set(['export', 'readonly', 'local', 'declare', 'typeset']);

/**
 * The words of commands in the notation of a POSIX shell that may name files. It is no shell: it knows quotes,
 * expansions, redirections, subshells and what the usual commands do with their arguments, and nothing else.
 *
 * @param variables what the commands before gave to variables; gets what these give.
 */
export function shellWords(script: string, variables = noShellVariables()): ShellWord[] {
  return wordsOf(script, { variables, depth: 0, isTaken: false });
}

interface CommandContext {
  readonly variables: ShellVariables;
  readonly depth: number;
  /** What the command prints is taken for names of files. */
  readonly isTaken: boolean;
}

function wordsOf(script: string, context: CommandContext): ShellWord[] {
  if (context.depth > deepest) return [];
  const nested: string[] = [];
  const words: ShellWord[] = [];
  const tokens = tokensOf(script, nested);
  let command: Token[] = [];
  for (const [at, token] of [...tokens, { type: 'break', pipes: false } as const].entries()) {
    if (token.type === 'word' || token.type === 'redirect') {
      command.push(token);
      continue;
    }
    const isTaken = token.type === 'break' && token.pipes && takesNames(tokens[at + 1]);
    words.push(...wordsOfCommand(command, { ...context, isTaken }));
    command = [];
    if (token.type !== 'break') words.push({ text: '', use: token.type });
  }
  for (const inner of nested) {
    words.push({ text: '', use: 'opens' }, ...wordsOf(inner, { ...context, depth: context.depth + 1 }), { text: '', use: 'closes' });
  }
  return words;
}

function takesNames(next: Token | undefined): boolean {
  return next?.type === 'word' && /^(?:xargs|parallel|while)$/.test(next.text);
}

function wordsOfCommand(tokens: readonly Token[], context: CommandContext): ShellWord[] {
  const { variables } = context;
  const words: ShellWord[] = [];
  const plain: Alternatives[] = [];
  tokens.forEach((token, at) => {
    const last = tokens[at - 1];
    if (token.type !== 'word') return;
    if (last?.type !== 'redirect') plain.push(...filledWords(token.text, variables));
    else if (last.reads) words.push(...filledText(token.text, variables).map((text) => ({ text, use: 'reads' }) as const));
  });
  let start = 0;
  for (; start < plain.length; start += 1) {
    const texts = plain[start] ?? [];
    const assigned = assignedValues(texts, variables);
    words.push(...assigned.map((text) => ({ text, use: 'names' }) as const));
    const goesOn = (text: string): boolean => text === anyText || before.has(text) || (start > 0 && text.startsWith('-'));
    if (assigned.length === 0 && !texts.every((text) => goesOn(text))) break;
  }
  const [names = [], ...given] = plain.slice(start);
  const mayBe = countFilled(variables, names.length > 1 ? names.length * given.length : 0) ? names : [shellText];
  for (const name of mayBe) words.push(...wordsOfProgram(name, given, context));
  return words;
}

function wordsOfProgram(name: string, given: readonly Alternatives[], { variables, depth, isTaken }: CommandContext): ShellWord[] {
  const folders = takeFolders.has(name);
  const named = (words: readonly Alternatives[]): ShellWord[] =>
    words.flatMap((texts, at) => {
      const isAfterOption = isAny(words[at - 1], folderOption);
      return texts.flatMap((text) => argument(text, folders || isAfterOption || folderOption.test(text)));
    });
  const commandsIn = (texts: readonly string[]): ShellWord[] =>
    texts.flatMap((text) => wordsOf(text, { variables, depth: depth + 1, isTaken: false }));
  if (declarations.has(name)) {
    return given.flatMap((texts) => assignedValues(texts, variables)).map((text) => ({ text, use: 'names' }));
  }
  if (name === 'for' && given[1]?.[0] === 'in') {
    const values = given.slice(2);
    addValues(given[0]?.[0] ?? '', values.flat(), variables);
    return named(values);
  }
  if (name === 'eval') return commandsIn(linesOf(given));
  if (name === 'cd' || name === 'pushd') {
    const [folder = shellText, ...others] = given.find((texts) => !isAny(texts, /^-/)) ?? [];
    return [{ text: others.length === 0 ? folder : shellText, use: 'enters' }];
  }
  if (name === 'popd') return [{ text: shellText, use: 'enters' }];
  if (printNames.has(name) && isTaken) return named(given);
  if (readNothing.has(name)) return [];
  if (interpreters.has(name)) {
    const at = given.findIndex((texts) => !texts.every((text) => text.startsWith('-')));
    const programs = given[at];
    if (programs === undefined) return [];
    const option = given[at - 1];
    const others = named(given.slice(at + 1));
    if (isAny(option, /^-[el]?c$/)) return [...commandsIn(programs), ...others];
    return isAny(option, /^-[me]$/) ? others : [...programs.map((text) => ({ text, use: 'runs' }) as const), ...others];
  }
  // A name without a folder is a program of the machine's.
  const own: ShellWord[] = name.includes('/') || name.includes('\\') || name === shellText ? [{ text: name, use: 'runs' }] : [];
  const withoutOutput = given.filter((_, at) => !isAny(given[at - 1], /^(?:-o|-O|--output)$/));
  return [...own, ...named(writeLast.has(name) ? withoutOutput.slice(0, -1) : withoutOutput)];
}

function isAny(texts: Alternatives | undefined, pattern: RegExp): boolean {
  return texts?.some((text) => pattern.test(text)) ?? false;
}

/** What the words are one after the other: as many lines as a word has alternatives. */
function linesOf(words: readonly Alternatives[]): string[] {
  const count = words.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: count }, (_, at) => words.map((texts) => texts[at] ?? texts[0] ?? '').join(' '));
}

/** `--option=path` and `@path` name a path as `path` alone does. */
function argument(word: string, mayBeFolder: boolean): ShellWord[] {
  const text = (/^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word).replace(/^@/, '');
  if (text === '' || text.startsWith('-')) return [];
  return [{ text: mayBeFolder && /^[\w.-]+$/.test(text) ? `./${text}` : text, use: 'names' }];
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
  function takeExpansion(isQuoted: boolean): boolean {
    const rest = script.slice(at, at + 4096);
    const inBackticks = /^`((?:[^`\\]|\\.)*)`/s.exec(rest);
    const substituted = rest.startsWith('$(') ? closedBy(rest) : undefined;
    const expanded = /^\$(?:\{[^}]*\}|\d|\w+|[?#@*!$-])/.exec(rest)?.[0];
    const length = inBackticks?.[0].length ?? substituted?.length ?? expanded?.length;
    if (length === undefined) return false;
    if (inBackticks?.[1] !== undefined) nested.push(inBackticks[1]);
    if (substituted !== undefined) nested.push(substituted.slice(2, -1));
    word = `${word ?? ''}${expanded === undefined ? seenText : referenceTo(expanded, isQuoted)}`;
    at += length;
    return true;
  }

  function takeQuoted(quote: string): void {
    at += 1;
    word ??= '';
    while (at < script.length && script.charAt(at) !== quote) {
      if (quote === '"' && takeExpansion(true)) continue;
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
    else if ((character === '$' || character === '`') && takeExpansion(false)) continue;
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
      const isDouble = script.charAt(at + 1) === character;
      if (character === '(' || character === ')') tokens.push({ type: character === '(' ? 'opens' : 'closes' });
      else tokens.push({ type: 'break', pipes: character === '|' && !isDouble });
      at += isDouble && character === '|' ? 2 : 1;
    } else if (/\s/.test(character)) {
      endWord();
      at += 1;
    } else {
      word = `${word ?? ''}${isPatternCharacter(rest) ? (patternMarks.get(character) ?? character) : character}`;
      at += 1;
    }
  }
  endWord();
  return tokens;
}

/** `[` and `{` alone are words of the shell. */
function isPatternCharacter(rest: string): boolean {
  return /^(?:[*?]|\[[^\s\]]+\]|\{[^\s{},]*,[^\s{}]*\}|\{\w+\.\.\w+\})/.test(rest);
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
