import { execFileSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';

import { createEvaluator } from '../../../../adapters/packer/template/hcl-evaluate.ts';
import { loadHclParser } from '../../../../adapters/packer/template/hcl-parser.ts';
import { type Value, isMap, unknown } from '../../../../adapters/packer/template/hcl-value.ts';
import { repository } from '../../../fixtures/templates/repository.ts';

const parser = await loadHclParser();

/** What packer says that each is, in the notation of JSON; one packer for all of them. */
function byPacker(expressions: readonly string[]): unknown[] {
  const input = expressions.map((expression) => `jsonencode([${expression}])\n`).join('');
  const environment = { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_CONFIG_DIR: repository({}) };
  // Without a template packer is the console of the legacy notation.
  const cwd = repository({ 'image.pkr.hcl': '' });
  const output = execFileSync(inject('packer').file, ['console', 'image.pkr.hcl'], { input, cwd, env: environment, encoding: 'utf8' });
  const lines = output.trimEnd().split('\n');
  if (lines.length !== expressions.length) throw new Error(`packer does not take one of these: ${output}`);
  return lines.map((line) => JSON.parse(line)[0]);
}

function valueOf(text: string): unknown {
  const parsed = parser.parseExpression(text, { file: 'image.pkr.hcl', line: 1 });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const evaluation = createEvaluator({
    folder: '',
    variable: (name) => unknown(`no ${name}`),
    local: () => undefined,
    variableExpression: () => undefined,
    filesIn: () => [],
    isFile: () => false,
    textIn: () => undefined,
    templateIn: () => undefined,
  }).evaluate(parsed.value);
  return evaluation.known ? plain(evaluation.value) : evaluation;
}

/** As JSON would have it. */
function plain(value: Value): unknown {
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return typeof value === 'object' && value !== null ? Array.from(value, plain) : value;
}

/** All of a group are one question to packer: it takes longer to start than to answer. */
function same(expressions: readonly string[]): void {
  const table = (values: readonly unknown[]): unknown => Object.fromEntries(expressions.map((each, at) => [each, values[at]]));
  expect(table(expressions.map(valueOf))).toEqual(table(byPacker(expressions)));
}

describe('the evaluator and `packer console` agree on', () => {
  it('numbers, however close they are written', () => {
    same(['3-1', '3-1 == 2', '1e3-1', '2--1', '10-2-3', '1+2*3', '1.5+2.25', '-5+2', '"x${0.1}"', '"x${22.10}"', '"x${1e3}"', '"${3-1}x"']);
  });
});

describe('the evaluator leaves to packer', () => {
  it.each(['"x${0.1+0.2}"', '1.1-1 == 0.1', '"x${1e22}"', '"x${9007199254740993}"', '"x${1e-7}"', '"x${-0}"', '10/3'])(
    'the number %s, which a double would round or write otherwise',
    (text) => {
      expect(valueOf(text)).toMatchObject({ known: false });
    },
  );
});
