import { isDeepStrictEqual } from 'node:util';

import { type Template, resourcesOf, shown } from '../template.ts';

/** A promise of the stack, held against a template: `problems` is empty where it keeps it. */
export interface Check {
  /** What is promised. */
  readonly name: string;
  readonly problems: (template: Template) => readonly string[];
}

/** That lists hold the same, whatever their order: what is missing, and what is too much. */
export function sameLines(about: string, expected: readonly string[], found: readonly string[]): string[] {
  return [
    ...expected.filter((line) => !found.includes(line)).map((line) => `${about} lacks: ${line}`),
    ...found.filter((line) => !expected.includes(line)).map((line) => `${about} has beyond what is promised: ${line}`),
    ...(new Set(found).size === found.length ? [] : [`${about} says something twice`]),
  ];
}

/** That a value with its references put in by name is just the expected one. */
export function sameValue(about: string, expected: unknown, found: unknown): string[] {
  return isDeepStrictEqual(shown(found), expected)
    ? []
    : [`${about} is ${JSON.stringify(shown(found))} and not ${JSON.stringify(expected)}`];
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * That the template has just these resources of a type, each with just these properties. Tags are left to the check of tags, and
 * what `except` names to other checks.
 */
export function justThese(
  template: Template,
  type: string,
  expected: Readonly<Record<string, Properties>>,
  except: readonly string[] = [],
): string[] {
  const found = resourcesOf(template, type);
  const without = new Set(['Tags', ...except]);
  return [
    ...sameLines(
      `the stack's ${type}`,
      Object.keys(expected),
      found.map(({ name }) => name),
    ),
    ...found.flatMap(({ name, properties }) => {
      const wanted = expected[name] ?? {};
      const names = new Set([...Object.keys(wanted), ...Object.keys(properties)].filter((property) => !without.has(property)));
      return [...names].flatMap((property) => sameValue(`${name}.${property}`, wanted[property], properties[property]));
    }),
  ];
}
