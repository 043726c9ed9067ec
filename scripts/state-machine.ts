import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { namesOf } from '../core/names-of.ts';
import { states } from '../core/states.ts';
import { transitions } from '../core/transitions.ts';

const command = 'npm run docs';

/** `docs/state-machine.md`, from the tables that the domain runs on: `core/states.ts` and `core/transitions.ts`. */
export function stateMachineDocument(): string {
  return `# The life of a build

Generated from \`core/states.ts\` and \`core/transitions.ts\` by \`${command}\`, and compared with them in CI: change the tables, not this file.

## Diagram

\`\`\`mermaid
${diagram().join('\n')}
\`\`\`

## States

${table(
  ['state', 'final', 'exit code', 'means'],
  namesOf(states).map((name) => {
    const { final, exit_code: exitCode, meaning } = states[name];
    return [`\`${name}\``, final ? 'yes' : '', exitCode === null ? '' : `${exitCode}`, meaning];
  }),
)}

## Transitions

What is not in this table cannot happen. Each is written on the condition of the version that it was decided on: of two writers one wins, and the other looks anew. What ends a build is decided and committed before anything is written that follows from it ([decision 9](adr/0009-decide-commit-carry-out.md)).

${table(
  ['from', 'event', 'attempt', 'to', 'because'],
  transitions.map(({ from, event, attempt, to, because }) => [
    `\`${from}\``,
    event,
    attempt === undefined ? '' : `${attempt}`,
    `\`${to}\``,
    because,
  ]),
)}

## What holds, whatever fails

The simulation (\`npm run simulate\`) asserts each of these after every history.

${invariants.map((line) => `- ${line}`).join('\n')}
`;
}

const invariants = [
  'At most two attempts, and at most one packer run each.',
  'A retry only after class 2 on the first attempt; no attempt after class 1 or 3.',
  'Every accepted request ends in exactly one final state, and a final state never changes.',
  'Every `escalated` and `quarantined` reaches the operators at least once, with the same key.',
  'The chain of manifests has no fork and no hole.',
  'Nothing final lacks its result, its summary and its retention tags.',
  'A builder runs one build at a time.',
];

function diagram(): string[] {
  const names = namesOf(states);
  const [first] = names;
  return [
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...transitions.map(
      ({ from, event, attempt, to }) => `  ${from} --> ${to}: ${event}${attempt === undefined ? '' : ` (attempt ${attempt})`}`,
    ),
    ...names.filter((name) => states[name].final).map((name) => `  ${name} --> [*]`),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (import.meta.main) {
  const file = join(resolve(import.meta.dirname, '..'), 'docs', 'state-machine.md');
  const wanted = stateMachineDocument();
  if (!process.argv.includes('--check')) {
    await writeFile(file, wanted);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
    console.error(`docs/state-machine.md is not what the transition table says\n${command} writes it anew`);
    process.exitCode = 1;
  }
}
