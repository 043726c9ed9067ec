import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..');

/** What GitHub makes of a heading: letters, digits, `-` and `_` stay, blanks become `-`. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function anchorsIn(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

/** Why a link leads nowhere; undefined where it leads to a file, and to a heading where it names one. */
async function problemOf(file: string, link: string): Promise<string | undefined> {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(join(root, target))) return `${file}: ${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  const anchors = anchorsIn(await readFile(join(root, target), 'utf8'));
  return anchors.includes(anchor) ? undefined : `${file}: ${link}: ${target} has no such heading`;
}

describe('the documents', () => {
  let files: readonly string[];
  beforeAll(async () => {
    files = await glob(['*.md', 'docs/**/*.md', 'bench/*.md', 'test/**/*.md', 'examples/**/*.md'], {
      cwd: root,
      ignore: ['**/node_modules/**'],
    });
  });

  it('link what is there', async () => {
    const problems: string[] = [];
    for (const file of files) {
      const text = await readFile(join(root, file), 'utf8');
      for (const [, link = ''] of text.replaceAll(/```.*?```/gs, '').matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const problem = await problemOf(file, link);
        if (problem !== undefined) problems.push(problem);
      }
    }
    expect(problems).toEqual([]);
  });

  it('number the decisions without a gap, and list each', async () => {
    const decisions = files.filter((file) => /^docs\/adr\/\d{4}-/.test(file)).sort();
    const list = await readFile(join(root, 'docs', 'adr', 'README.md'), 'utf8');
    for (const [index, file] of decisions.entries()) {
      const [, number] = /^# (\d+)\. ./m.exec(await readFile(join(root, file), 'utf8')) ?? [];
      expect([number, Number(/\/(\d{4})-/.exec(file)?.[1])], file).toEqual([String(index + 1), index + 1]);
      expect(list, file).toContain(`| [${number}](${file.slice('docs/adr/'.length)}) | `);
    }
  });
});
