import { posix } from 'node:path';

import { type AnsiblePath, expectsPath, pathsInArgument, pathsInConfiguration } from './ansible-settings.ts';
import { besidePlaybooks } from './file-references.ts';
import { type Expression, type Place, placeText } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';
import { textsIn } from './hcl-value.ts';
import { filesInPlaybook } from './playbook-files.ts';
import { type ReferenceCollection } from './reference-collection.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { fromRepositoryPath, resolveTemplatePath } from './template-path.ts';

/** What the search through Ansible's own files needs. */
export interface AnsibleGrounds {
  readonly evaluator: Evaluator;
  readonly reading: RepositoryReading;
  readonly collection: ReferenceCollection;
}

/** Finds what Ansible reads on this machine without packer being told. */
export interface AnsibleSearch {
  /** The default configuration, the folders beside a playbook and those that it imports, and the files that they name. */
  playbook(path: string, place: Place): void;
  /** What a configuration file names. */
  configuration(path: string, place: Place): void;
  /** Variables of hosts and groups beside an inventory. */
  inventory(path: string, place: Place): void;
  /** `isLocal`: Ansible runs in the image, where only `@file` has a meaning here. */
  arguments(given: Expression, isLocal: boolean, bindings: Bindings): void;
}

const besideInventories = ['group_vars', 'host_vars'] as const;

const why = {
  missing: 'it is not there, so an earlier step of the build must make it',
  secret: 'a password may stand in it, of which a digest would tell',
} as const;

export function createAnsibleSearch({ evaluator, reading, collection }: AnsibleGrounds): AnsibleSearch {
  const configurations = new Set<string>();

  /** What is not there is nothing. @param path below the root. */
  function add(path: string, place: Place): void {
    const text = fromRepositoryPath(path);
    collection.found.push({ text, relativeTo: 'root', kind: 'config', form: 'path', optional: true, outsideAllowed: true, place });
  }

  function tell(path: string, place: Place, reason: string): void {
    collection.unresolved.push({ expression: path, place, why: reason, alternatives: [path], relativeTo: 'root' });
  }

  function take({ path: given, holds }: AnsiblePath, place: Place, tellsMissing: boolean): void {
    const resolved = resolveTemplatePath(given, '');
    // The whole repository is no place for modules.
    if (resolved.type !== 'inside' || resolved.path === '') return;
    const { path } = resolved;
    const isThere = reading.isFile(path, placeText(place)) === true || reading.isFolder(path, placeText(place));
    if (!isThere) {
      // `--vault-id dev@prompt` asks.
      if (tellsMissing && holds !== 'secret') tell(path, place, why.missing);
    } else if (holds === 'secret') {
      if (!reading.isExcluded(path)) tell(path, place, why.secret);
    } else {
      add(path, place);
      if (holds === 'inventory') besideInventory(path, place);
    }
  }

  function besideInventory(path: string, place: Place): void {
    for (const name of besideInventories) add(posix.join(posix.dirname(path), name), place);
  }

  function configuration(given: string, place: Place): void {
    const resolved = resolveTemplatePath(given, '');
    if (resolved.type !== 'inside' || configurations.has(resolved.path)) return;
    const { path } = resolved;
    configurations.add(path);
    const text = reading.text(path, placeText(place)) ?? '';
    for (const { line, ...named } of pathsInConfiguration(text, posix.dirname(path))) take(named, { file: path, line }, false);
  }

  function takeArgument(text: string, before: string | undefined, item: Expression, isLocal: boolean, bindings: Bindings): void {
    for (const named of pathsInArgument(text, before)) {
      if (isLocal && named.holds !== 'variables') continue;
      if (named.path.includes('{{')) collection.note(item, 'root', 'packer fills in {{...}} while it builds', bindings);
      else if (named.holds !== 'variables') take(named, item.place, true);
      else {
        const reference = { relativeTo: 'root', kind: 'config', form: 'path', optional: false, outsideAllowed: false } as const;
        collection.found.push({ ...reference, text: named.path, place: item.place });
      }
    }
  }

  return {
    configuration,
    playbook(given, place) {
      add('ansible.cfg', place);
      configuration('ansible.cfg', place);
      const resolved = resolveTemplatePath(given, '');
      if (resolved.type !== 'inside' || !/\.ya?ml$/.test(given)) return;
      const { paths, folders, open } = filesInPlaybook(resolved.path, placeText(place), reading);
      for (const folder of folders) for (const name of besidePlaybooks) add(posix.join(folder, name), place);
      for (const path of paths) add(path, place);
      for (const path of open) collection.unresolved.push({ ...path, relativeTo: 'root' });
    },
    inventory(given, place) {
      const resolved = resolveTemplatePath(given, '');
      if (resolved.type === 'inside') besideInventory(resolved.path, place);
    },
    arguments(given, isLocal, bindings) {
      let before: string | undefined;
      for (const item of given.type === 'list' ? given.items : [given]) {
        const evaluation = evaluator.evaluate(item, bindings);
        if (!evaluation.known) {
          // An argument whose text shows no @ names no file, whatever is filled in.
          const mayBePath = (expectsPath(before) && !isLocal) || item.type !== 'template' || item.text.includes('@');
          if (mayBePath) collection.note(item, 'root', evaluation.why, bindings);
          before = undefined;
          continue;
        }
        for (const text of textsIn(evaluation.value)) {
          takeArgument(text, before, item, isLocal, bindings);
          before = text;
        }
      }
    },
  };
}
