import { type Grounds, keepAnswer } from '../../adapters/local/kept-answer.ts';
import { type Builder } from '../../core/config.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type Digest } from '../../core/digest.ts';
import { fingerprintOfSorted } from '../../core/fingerprint.ts';
import { type Input, type UndeclaredInput } from '../../core/input.ts';
import { visibleText } from '../../core/packer-log/plain-text.ts';
import { type Answer } from '../answer.ts';
import { type Repository } from '../host.ts';
import { askedInputs } from '../kept-inputs.ts';
import { tableLines } from '../render/table.ts';
import { repositoryInputs } from '../repository-inputs.ts';

export interface InputsOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** An undeclared input is a failure. */
  readonly strict: boolean;
  /** The command line as it was typed. */
  readonly words: readonly string[];
}

/** `inputs <builder>`: what the image is made from, and the fingerprint over it. Needs neither packer nor credentials. */
export async function inputs(
  repository: Repository,
  builder: Builder,
  { variables, strict, words }: InputsOptions,
): Promise<Outcome<Answer>> {
  let grounds: Grounds | undefined;
  const discovered = await repositoryInputs(repository, (found) => {
    grounds = found;
  }).survey(builder, variables);
  if (!discovered.ok) return discovered;
  const { inputs: found, undeclared } = discovered.value;
  const [hole] = undeclared;
  if (strict && hole !== undefined) return undeclaredFailure(hole, undeclared);
  const fingerprint = fingerprintOfSorted(found);
  return success({
    exitCode: 0,
    document: { fingerprint, inputs: found, undeclared },
    text: textOf(found, fingerprint, undeclared),
    // What had to be read is changing, or is looked at for the first time: such an answer may never be asked for again.
    ...(grounds?.read === 0 ? { keep: keeping(repository, words, grounds) } : {}),
  });
}

/** Inputs that are printed together. */
const some = 1000;

/** Line by line, since a hundred thousand of them are too many to be one text. */
async function* textOf(inputs: Iterable<Input>, fingerprint: Digest, undeclared: readonly UndeclaredInput[]): AsyncGenerator<string> {
  const rows = {
    *[Symbol.iterator]() {
      for (const input of inputs) yield [input.kind, input.name, input.digest.slice(0, 'sha256:'.length + 12), detail(input)];
    },
  };
  let piece: string[] = [];
  for (const line of tableLines(['kind', 'name', 'digest', ''], rows)) {
    piece.push(`${line}\n`);
    if (piece.length < some) continue;
    yield piece.join('');
    piece = [];
  }
  yield [...piece, ...['', `fingerprint ${fingerprint}`, ...undeclaredText(undeclared)].map((line) => `${line}\n`)].join('');
}

function keeping(repository: Repository, words: readonly string[], grounds: Grounds): (printed: readonly Uint8Array[]) => void {
  return (printed) => {
    const asked = askedInputs(words, repository.file);
    if (asked !== undefined) keepAnswer(repository.home, asked, grounds, repository.text, { text: printed, exitCode: 0 });
  };
}

/** The holes in the inputs as a failure: what `--strict` makes of them. */
export function undeclaredFailure(first: UndeclaredInput, all: readonly UndeclaredInput[]): Outcome<never> {
  return failure(
    'INPUT_UNDECLARED',
    `${first.template}:${first.line}: ${first.reference} cannot be resolved: ${first.why}${all.length > 1 ? ` (and ${all.length - 1} more)` : ''}`,
    'cover the files that it can mean with a glob under `inputs` of the builder in hybridcore.yaml',
    all.map((each) => `${each.template}:${each.line}: ${each.reference}: ${each.why}`),
  );
}

/** The same as a warning. */
export function undeclaredText(undeclared: readonly UndeclaredInput[]): string[] {
  if (undeclared.length === 0) return [];
  return [
    '',
    'undeclared inputs, through which drift goes unseen (cover them with a glob under `inputs`):',
    ...undeclared.map((each) => `  ${visibleText(`${each.template}:${each.line}: ${each.reference}: ${each.why}`)}`),
  ];
}

function detail(input: Input): string {
  if ('size' in input) return `${input.mode} ${input.size} bytes`;
  if ('reference' in input) return `sensitive, from ${input.reference}`;
  return typeof input.value === 'string' ? input.value : JSON.stringify(input.value);
}
