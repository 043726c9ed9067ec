import { type Builder } from '../../core/config.ts';
import { digestOf } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type TemplateDiscovery } from '../packer/template/discover-template.ts';
import { type RepositoryFiles } from '../packer/template/repository-files.ts';
import { type StatCache } from './stat-cache.ts';

type BuilderTemplate = Pick<Builder, 'template' | 'var_files' | 'secrets' | 'inputs' | 'only' | 'except'>;

/** One thing that discovery asked of the repository, and a text that is the same for the same answer only. */
interface Question {
  readonly ask: keyof RepositoryFiles;
  readonly words: readonly string[];
  readonly limit?: number;
  readonly answer: string;
}

interface Remembered {
  readonly questions: readonly Question[];
  readonly discovery: TemplateDiscovery;
}

/**
 * What the template of a builder shows, from the cache where it was found out before: discovery depends on the answers of
 * the repository and on nothing else, so where every question that it asked has the same answer again, it would come to
 * the same. The parser is not even loaded then. Files are held against their digests, that is they are read: templates are
 * small, and no time of theirs has to be trusted.
 *
 * Nothing is kept where values are about that must not be written down in clear: those that the template calls sensitive,
 * and those of a request.
 */
export async function discoverRemembered(
  builder: BuilderTemplate,
  requestVariables: Readonly<Record<string, string>>,
  files: RepositoryFiles,
  cache: StatCache | undefined,
): Promise<Outcome<TemplateDiscovery>> {
  const discover = async (from: RepositoryFiles): Promise<Outcome<TemplateDiscovery>> => {
    const { discoverTemplate } = await import('../packer/template/discover-template.ts');
    return discoverTemplate(builder, requestVariables, from);
  };
  if (cache === undefined || Object.keys(requestVariables).length > 0) return discover(files);
  const key = JSON.stringify([
    builder.template,
    builder.var_files,
    Object.keys(builder.secrets),
    builder.inputs.exclude,
    builder.only,
    builder.except,
  ]);
  const before = rememberedIn(cache.note(key));
  if (before?.questions.every((question) => question.answer === answerNow(files, question)) === true) return success(before.discovery);
  const questions: Question[] = [];
  const found = await discover(listening(files, (question) => questions.push(question)));
  if (found.ok && found.value.sensitiveValues.length === 0) cache.keepNote(key, { questions, discovery: found.value } satisfies Remembered);
  return found;
}

function listening(files: RepositoryFiles, heard: (question: Question) => void): RepositoryFiles {
  return {
    typeOf(path, where) {
      const answer = files.typeOf(path, where);
      heard({ ask: 'typeOf', words: [path, where], answer: textOf(answer) });
      return answer;
    },
    namesIn(folder, where) {
      const answer = files.namesIn(folder, where);
      heard({ ask: 'namesIn', words: [folder, where], answer: textOf(answer) });
      return answer;
    },
    read(path, where, limit) {
      const answer = files.read(path, where, limit);
      heard({ ask: 'read', words: [path, where], limit, answer: textOfContent(answer) });
      return answer;
    },
    filesIn(folder, pattern) {
      const answer = files.filesIn(folder, pattern);
      heard({ ask: 'filesIn', words: [folder, pattern], answer: textOf(answer) });
      return answer;
    },
    nearest(path) {
      const answer = files.nearest(path);
      heard({ ask: 'nearest', words: [path], answer: textOf(answer) });
      return answer;
    },
  };
}

function answerNow(files: RepositoryFiles, { ask, words: [first = '', second = ''], limit = 0 }: Question): string {
  switch (ask) {
    case 'typeOf':
      return textOf(files.typeOf(first, second));
    case 'namesIn':
      return textOf(files.namesIn(first, second));
    case 'read':
      return textOfContent(files.read(first, second, limit));
    case 'filesIn':
      return textOf(files.filesIn(first, second));
    case 'nearest':
      return textOf(files.nearest(first));
  }
}

function textOf(answer: unknown): string {
  return JSON.stringify(answer) ?? 'nothing';
}

function textOfContent(answer: Outcome<Uint8Array>): string {
  return answer.ok ? digestOf(answer.value) : textOf(answer);
}

/** What this very program wrote, under a checksum: its shape is known. */
function rememberedIn(note: unknown): Remembered | undefined {
  if (typeof note !== 'object' || note === null || !('questions' in note) || !('discovery' in note)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return note as Remembered;
}
