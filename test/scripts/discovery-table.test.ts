import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { mentionedPaths } from '../../scripts/discovery-table/mentioned-paths.ts';
import { repository } from '../fixtures/templates/repository.ts';
import { gitIn } from '../fixtures/git.ts';

describe('the plain search of a template', () => {
  const there = new Set(['images/a.sh', 'b/c.txt', 'images/d', 'e.json']);
  const search = (text: string): string[] => mentionedPaths(text, 'images', (path) => there.has(path));

  it('finds what stands in quotes and is there, from the root and from the folder of the template', () => {
    expect(search('x = "${path.root}/a.sh"\ny = "tool --in=./b/c.txt; cat e.json"\nz = "{{template_dir}}/d/"')).toEqual([
      'b/c.txt',
      'e.json',
      'images/a.sh',
      'images/d',
    ]);
  });

  it('finds nothing in comments, in paths that variables are part of, and in what is not there', () => {
    expect(search('# "b/c.txt"\n// "e.json"\nx = "b/${var.c}.txt"\ny = "none.txt"\nz = "/e.json"')).toEqual([]);
  });
});

describe('the table of discovery', () => {
  it('tells of each template what is found, what is undeclared, what fails, and what only the plain search finds', () => {
    const variables = 'variable "os" {}\nvariable "dir" {}\n';
    const provisioner = (attribute: string): string => `build {\n  provisioner "shell" {\n    ${attribute}\n  }\n}\n`;
    const root = repository({
      'images/a.pkr.hcl': `${variables}${provisioner('scripts = ["${var.dir}/x.sh", "${var.os}.sh"]')}`,
      'broken/b.pkr.hcl': 'build {\n',
      'only/c.pkr.hcl': provisioner('environment_vars = ["./only/read-me.txt"]'),
      'only/read-me.txt': '',
      'scripts/x.sh': '',
      'v.pkrvars.hcl': 'dir = "scripts"',
      'uses.txt': '@all=v.pkrvars.hcl\nimages=@all\n',
    });
    const git = gitIn(root);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'images');
    const script = join(import.meta.dirname, '..', '..', 'scripts', 'discovery-table.ts');
    const table = execFileSync(process.execPath, [script, '--uses', join(root, 'uses.txt'), root], { encoding: 'utf8' });
    expect(table).toContain(
      '| `broken` | 1 | 0 | 0 | 0 | 1 | 0 |\n| `images` | 1 | 2 | 3 | 1 | 0 | 0 |\n| `only` | 1 | 0 | 1 | 0 | 0 | 1 |\n',
    );
    expect(table).toContain('- `images/a.pkr.hcl:5` `"${var.os}.sh"`: the variable os has no value here\n');
    expect(table).toContain('- broken/b.pkr.hcl:1: here "}" is missing\n');
    expect(table).toContain('- `only`: `only/read-me.txt`\n');
  });
});
