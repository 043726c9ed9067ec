import { type Builder } from '../../../core/config.ts';
import { type Block, type Body, type Expression, attributeOf } from './hcl-document.ts';
import { type Evaluator } from './hcl-surroundings.ts';
import { itemsOf } from './hcl-value.ts';

/** Which builds of a template run. */
export type Selection = Pick<Builder, 'only' | 'except'>;

interface UsedSource {
  /** `type.name`. */
  readonly source: string;
  /** What `only` and `except` know the build by; undefined where that is not known. */
  readonly build: string | undefined;
}

/**
 * The `source` blocks that no build uses and the `build` blocks without a source that runs: packer does not evaluate them
 * (hcl2template, `GetBuilds`). Where anything about it is not known, all count as used.
 */
export function unusedBlocks(template: Body, evaluator: Evaluator, selection: Selection): ReadonlySet<Block> {
  const builds = template.blocks.filter(({ type }) => type === 'build');
  // Without a build it is a legacy template, or a part of one.
  if (builds.length === 0) return new Set(template.blocks.filter((block) => isExcludedBuilder(block, evaluator, selection)));
  const used = new Set<string>();
  const unused = new Set<Block>();
  for (const build of builds) {
    const sources = sourcesOf(build, evaluator);
    if (sources === undefined) return new Set();
    const running = sources.filter((each) => each.build === undefined || runs(each.build, selection));
    if (sources.length > 0 && running.length === 0) unused.add(build);
    for (const { source } of running) used.add(source);
  }
  for (const block of template.blocks) if (block.type === 'source' && !used.has(block.labels.join('.'))) unused.add(block);
  return unused;
}

/** Undefined where they are not known. */
function sourcesOf(build: Block, evaluator: Evaluator): UsedSource[] | undefined {
  if (build.body.blocks.some(({ type, labels }) => type === 'dynamic' && labels[0] === 'source')) return undefined;
  const listed = attributeOf(build.body, 'sources')?.value;
  const evaluation = listed === undefined ? undefined : evaluator.evaluate(listed);
  const texts = evaluation === undefined ? [] : evaluation.known ? itemsOf(evaluation.value) : undefined;
  if (texts?.every((text) => typeof text === 'string') !== true) return undefined;
  const name = attributeOf(build.body, 'name')?.value;
  return [
    ...texts.map((text) => usedSource(text, name, evaluator)),
    ...build.body.blocks
      .filter(({ type }) => type === 'source')
      .map(({ labels, body }) => {
        const used = usedSource(labels.join('.'), name, evaluator);
        return attributeOf(body, 'name') === undefined ? used : { ...used, build: undefined };
      }),
  ];
}

function usedSource(reference: string, name: Expression | undefined, evaluator: Evaluator): UsedSource {
  const source = reference.replace(/^source\.(?=.*\.)/, '');
  const prefix = name === undefined ? undefined : evaluator.evaluate(name);
  if (prefix === undefined || (prefix.known && prefix.value === '')) return { source, build: source };
  return { source, build: prefix.known && typeof prefix.value === 'string' ? `${prefix.value}.${source}` : undefined };
}

/** A builder of a legacy template goes by its name, or by its type; `only` and `except` have whole names there, no patterns. */
function isExcludedBuilder(block: Block, evaluator: Evaluator, { only, except }: Selection): boolean {
  if (block.type !== 'source' || !/(?<!\.pkr)\.json$/.test(block.place.file)) return false;
  const name = attributeOf(block.body, 'name')?.value;
  const evaluation = name === undefined ? undefined : evaluator.evaluate(name);
  const build = evaluation === undefined ? block.labels[0] : evaluation.known ? evaluation.value : undefined;
  return typeof build === 'string' && ((only.length > 0 && !only.includes(build)) || except.includes(build));
}

/** Patterns that are more than names and stars count for whatever keeps the build. */
function runs(build: string, { only, except }: Selection): boolean {
  const isWanted = only.length === 0 || only.some((pattern) => !isPlain(pattern) || fits(build, pattern));
  return isWanted && !except.some((pattern) => isPlain(pattern) && fits(build, pattern));
}

function isPlain(pattern: string): boolean {
  return !/[?[\]{}!\\]/.test(pattern);
}

/** Without going back and forth over a long name: a star takes as little as it may. */
function fits(name: string, pattern: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - at >= end.length && name.endsWith(end);
}
