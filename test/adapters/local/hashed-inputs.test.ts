import { rmSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type FileColumns, filesWhere, folderNames, digestAt, namesOf, pathIn } from '../../../adapters/local/file-columns.ts';
import { freshFor, identityLength } from '../../../adapters/local/file-identity.ts';
import { imageRepository } from '../../../adapters/local/image-repository.ts';
import { digestOf } from '../../../core/digest.ts';
import { fingerprintOf, fingerprintOfSorted, sortInputs } from '../../../core/fingerprint.ts';
import { builder, repository, write } from '../../fixtures/templates/repository.ts';

/** Before and after `/` in the order of characters, beyond ASCII, and of two UTF-16 units. */
const name = fc.constantFrom('a', 'a-', 'a.b', 'a0', 'b', 'B', 'ü', '\u{1F4E6}', '\uFF5E', ' ');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `files/${names.join('/')}f`);
const configured = { inputs: { scripts: ['files/a/**'], configs: ['files/**', 'files/b/*'] } };
const template = 'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.x"]\n}\n';

describe('the inputs of a repository', () => {
  it('are every file once, in the order of the fingerprint, read or known', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { minLength: 1, maxLength: 25 }), fc.nat(), async (paths, which) => {
        const files = Object.fromEntries(paths.map((each) => [each, each]));
        const root = repository({ 'image.pkr.hcl': template, ...files });
        await after(freshFor);
        const inRoot = imageRepository(root, { home: root, program: 'this one' });
        const expectAll = async (): Promise<void> => {
          const survey = await inRoot.survey(builder(configured), {});
          if (!survey.ok) throw new Error(survey.failure.message);
          const inputs = [...survey.value.inputs];
          expect(inputs).toEqual(sortInputs(inputs));
          expect(fingerprintOfSorted(survey.value.inputs)).toBe(fingerprintOf(inputs));
          const kindOf = (each: string): string => (each.startsWith('files/a/') ? 'script' : 'config');
          const expected = Object.entries(files).map(([each, content]) => [each, `${kindOf(each)} ${digestOf(content)}`] as const);
          expect(new Map(inputs.map((input) => [input.name, `${input.kind} ${input.digest}`]))).toEqual(
            new Map([['image.pkr.hcl', `template ${digestOf(template)}`], ...expected]),
          );
          expect(inputs.length).toBe(paths.length + 1);
        };
        await expectAll();
        await expectAll();
        const changed = paths[which % paths.length] ?? '';
        files[changed] = 'other';
        write(root, changed, 'other');
        await after(freshFor);
        await expectAll();
        await expectAll();
        rmSync(root, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });
});

describe('files in columns', () => {
  it('are those that are wanted, each with what is its own', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), { maxLength: 5 }), (wanted) => {
        const folders = wanted.map((names, at) =>
          folderNames(
            `folder-${at}`,
            names.map((_, which) => `file-${which}`),
          ),
        );
        const flags = wanted.flat();
        const hex = (at: number): string => String(at % 10).repeat(64);
        const all = {
          folders,
          identities: Float64Array.from({ length: flags.length * identityLength }, (_, at) => at),
          digests: Buffer.from(flags.map((_, at) => hex(at)).join('')),
        };
        const pathsOf = (columns: Pick<FileColumns, 'folders'>): string[] =>
          columns.folders.flatMap((files) => namesOf(files).map((each) => pathIn(files.folder, each)));
        const left = filesWhere(all, (at) => flags[at] === true);
        expect(left.flatMap((columns) => pathsOf(columns))).toEqual(pathsOf(all).filter((_, at) => flags[at]));
        const digests = left.flatMap((columns) => pathsOf(columns).map((_, at) => digestAt(columns, at)));
        expect(digests).toEqual(flags.flatMap((isWanted, at) => (isWanted ? [`sha256:${hex(at)}`] : [])));
        const devices = left.flatMap((columns) => pathsOf(columns).map((_, at) => columns.identities[at * identityLength]));
        expect(devices).toEqual(flags.flatMap((isWanted, at) => (isWanted ? [at * identityLength] : [])));
      }),
    );
  });
});
