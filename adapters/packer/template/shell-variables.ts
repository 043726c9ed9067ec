/** What the shell fills in while it runs: a private character, which no path has. */
export const shellText = '\uF8FE';

/** What commands print, which are looked through by themselves, and what the shell says of itself. */
export const seenText = '\uF8FD';

/** The values that commands give to variables of the shell. */
export interface ShellVariables {
  readonly values: Map<string, ReadonlySet<string>>;
  /** How much was made of words with variables. */
  filled: number;
}

/** What one word of a command may be. */
export type Alternatives = readonly string[];

export function noShellVariables(): ShellVariables {
  return { values: new Map(), filled: 0 };
}

/** More values of a variable, and longer ones, are no paths that a person gives; nor are more variables in a word. */
const mostValues = 20;
const longestValue = 4096;
const mostReferences = 100;
/** Past this many words with variables, what those stand for is not known. A long one counts as several. */
const mostFilled = 10_000;
const lengthOfOne = 64;

/** Around the name of a variable, until its value is filled in. */
const marks = { opens: '\uF8F7', opensQuoted: '\uF8F6', closes: '\uF8F8' } as const;
/** Between two words that one without quotes becomes. */
const blank = '\uF8F5';
const reference = /([\uF8F6\uF8F7]\w+\uF8F8)/;
const assignment = /^([A-Za-z_]\w*)=(.*)$/s;

/** What stands for an expansion in a word. */
export function referenceTo(expanded: string, isQuoted: boolean): string {
  if (/^\$\{?HOME\b/.test(expanded)) return '~';
  if (/^\$\{?(?:[0?#!$-]|SHELL\b)\}?$/.test(expanded)) return seenText;
  const name = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(expanded)?.[1];
  return name === undefined ? shellText : `${isQuoted ? marks.opensQuoted : marks.opens}${name}${marks.closes}`;
}

/** The words that the shell makes of one: without quotes, it splits values at blanks. */
export function filledWords(word: string, variables: ShellVariables): Alternatives[] {
  if (assignment.test(word) || !word.includes(marks.opens)) return [filledText(word, variables)];
  const mayVanish = !word.includes(marks.opensQuoted);
  const lists = filledIn(word, variables).map((text) =>
    text === '' && !mayVanish ? [text] : text.split(blank).filter((part) => part !== ''),
  );
  const count = Math.max(...lists.map(({ length }) => length));
  if (!countFilled(variables, count * lists.length)) return [[withoutValues(word)]];
  return Array.from({ length: count }, (_, at) => lists.flatMap((list) => list[at] ?? []));
}

/** The same where the shell splits nothing. */
export function filledText(word: string, variables: ShellVariables): Alternatives {
  return filledIn(word, variables).map((text) => text.replaceAll(blank, ' '));
}

/** Counts what is about to be made; false where that is too much. */
export function countFilled(variables: ShellVariables, more: number): boolean {
  variables.filled += more;
  return more === 0 || variables.filled < mostFilled;
}

function filledIn(word: string, variables: ShellVariables): Alternatives {
  const parts = word.split(reference);
  if (parts.length === 1) return parts;
  if (parts.length > 2 * mostReferences || variables.filled >= mostFilled) return [withoutValues(word)];
  // A variable that stands there twice has one value.
  let choices: ReadonlyMap<string, string>[] = [new Map()];
  for (const part of parts) {
    const name = nameIn(part);
    if (name === undefined || choices[0]?.has(name) === true) continue;
    const values = valuesOf(name, variables);
    if (choices.length * values.length > mostValues) return [withoutValues(word)];
    choices = choices.flatMap((choice) => values.map((value) => new Map([...choice, [name, value] as const])));
  }
  const texts = choices.map((choice) => parts.map((part) => valueOf(part, choice)).join(''));
  const cost = texts.reduce((sum, { length }) => sum + 1 + Math.floor(length / lengthOfOne), 0);
  return countFilled(variables, cost) ? texts : [withoutValues(word)];
}

function nameIn(part: string): string | undefined {
  return reference.test(part) ? part.slice(1, -1) : undefined;
}

function valueOf(part: string, choice: ReadonlyMap<string, string>): string {
  const name = nameIn(part);
  const value = name === undefined ? part : (choice.get(name) ?? shellText);
  return part.startsWith(marks.opens) ? value.replaceAll(/[ \t\n]+/g, blank) : value;
}

function valuesOf(name: string, variables: ShellVariables): Alternatives {
  const values = [...(variables.values.get(name) ?? [])];
  return values.length > 0 && values.every((value) => value.length <= longestValue) ? values : [shellText];
}

function withoutValues(word: string): string {
  return word
    .split(reference)
    .map((part) => (nameIn(part) === undefined ? part : shellText))
    .join('');
}

/** The values that a word gives to a variable, which gets them; none where it is no assignment. */
export function assignedValues(texts: Alternatives, variables: ShellVariables): string[] {
  return texts.flatMap((text) => {
    const [, name = '', value] = assignment.exec(text) ?? [];
    if (value === undefined) return [];
    addValues(name, [value], variables);
    return [value];
  });
}

export function addValues(name: string, values: readonly string[], variables: ShellVariables): void {
  const all = new Set([...(variables.values.get(name) ?? []), ...values]);
  variables.values.set(name, all.size <= mostValues ? all : new Set([shellText]));
}
