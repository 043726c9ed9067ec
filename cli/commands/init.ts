import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Document, isMap } from 'yaml';
import { glob } from 'tinyglobby';

import { writeDraft } from '../../adapters/local/atomic-file.ts';
import { configFileName } from '../../adapters/local/config-file.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type Answer } from '../answer.ts';

interface Found {
  readonly builder: string;
  readonly template: string;
  readonly varFiles: readonly string[];
}

/** `init`: writes a `hybridcore.yaml` for the templates below a folder; never over one that is there. */
export async function init(folder: string): Promise<Outcome<Answer>> {
  const templates = named(await findTemplates(folder));
  const found: Found[] = await Promise.all(
    templates.map(async (each) => ({ ...each, varFiles: await varFilesBeside(folder, each.template) })),
  );
  if (found.length === 0) {
    return failure(
      'TEMPLATE_MISSING',
      `there is no packer template below ${folder}`,
      'go to a folder with templates (*.pkr.hcl, *.pkr.json, or legacy *.json with "builders")',
    );
  }
  const file = join(folder, configFileName);
  const draft = await writeDraft(folder, new TextEncoder().encode(configText(found)), 0o644);
  const created = draft.create(file);
  await draft.discard();
  if (!created) return failure('CONFIG_INVALID', `${file} is there already`, 'change it by hand; `hybridcore-packer validate` checks it');
  const choices = found
    .filter(({ varFiles }) => varFiles.length > 1)
    .map(({ builder, varFiles }) => `choose the var_files of ${builder} among: ${varFiles.join(', ')}`);
  const text = [
    `wrote ${file} with ${found.length} builder${found.length === 1 ? '' : 's'}:`,
    ...found.map(
      ({ builder, template, varFiles }) => `  ${builder}: ${template}${varFiles.length === 1 ? `, with ${varFiles.join('')}` : ''}`,
    ),
    '',
    ...choices,
    'next: hybridcore-packer validate',
  ].join('\n');
  return success({
    exitCode: 0,
    document: { file, builders: found.map(({ builder, template, varFiles }) => ({ builder, template, var_files: varFiles })) },
    text,
  });
}

/** A folder of `*.pkr.hcl` is one template; a legacy JSON file is one for itself. Below `folder`, in order of code units. */
async function findTemplates(folder: string): Promise<string[]> {
  const ignore = ['**/node_modules/**', '**/.git/**', '**/.cache/**', '**/packer_cache/**', 'artifacts/**', 'state/**'];
  const hcl = await glob(['**/*.pkr.hcl', '**/*.pkr.json'], { cwd: folder, ignore });
  const folders = new Set(hcl.map((file) => dirname(file)));
  const json = await glob(['**/*.json'], { cwd: folder, ignore: [...ignore, '**/*.pkr.json', '**/*.pkrvars.json', '**/package*.json'] });
  const legacy: string[] = [];
  for (const file of json) if (await isLegacyTemplate(join(folder, file))) legacy.push(file);
  return [...folders, ...legacy].sort();
}

async function isLegacyTemplate(file: string): Promise<boolean> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null && 'builders' in value && Array.isArray(value.builders);
  } catch {
    return false;
  }
}

/** Gives each template a builder's name, from its own or its folder's; a second one of that name gets a number. */
function named(templates: readonly string[]): Pick<Found, 'builder' | 'template'>[] {
  const taken = new Set<string>();
  return templates.map((template) => {
    const own =
      template === '.'
        ? 'image'
        : basename(template, '.json')
            .toLowerCase()
            .replaceAll(/[^a-z0-9-]+/g, '-')
            .replace(/^[^a-z]+/, '')
            .replace(/-+$/, '')
            .slice(0, 58) || 'image';
    let builder = own;
    for (let number = 2; taken.has(builder); number += 1) builder = `${own}-${number}`;
    taken.add(builder);
    return { builder, template };
  });
}

function configText(found: readonly Found[]): string {
  const document = new Document({
    version: 1,
    retention: { default: 'standard', classes: { standard: { days: 365 } } },
    builders: Object.fromEntries(
      found.map(({ builder, template, varFiles }) => [builder, { template, ...(varFiles.length === 1 ? { var_files: varFiles } : {}) }]),
    ),
  });
  for (const { builder, varFiles } of found) {
    const node: unknown = document.getIn(['builders', builder], true);
    if (varFiles.length > 1 && isMap(node)) node.comment = ` var_files: choose among ${varFiles.join(', ')}`;
  }
  return `# yaml-language-server: $schema=hybridcore.schema.json\n# For editors; \`hybridcore-packer schema config > hybridcore.schema.json\` writes that file.\n${document.toString()}`;
}

/** Variable files beside a template; packer takes those named `*.auto.pkrvars.*` by itself. */
async function varFilesBeside(folder: string, template: string): Promise<string[]> {
  const beside = template.endsWith('.json') ? dirname(template) : template;
  const cwd = join(folder, beside);
  const names = await glob(['*.pkrvars.hcl', '*.pkrvars.json'], { cwd, ignore: ['*.auto.pkrvars.*'] });
  return names.map((name) => join(beside, name)).sort();
}
