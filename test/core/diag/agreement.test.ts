import { beforeEach, describe, expect, it } from 'vitest';

import { contradictions } from '../../../core/diag/agreement.ts';
import { DiagIndex } from '../../../core/diag/bundle-documents.ts';
import { type ReadBundle } from '../../../core/diag/read-bundle.ts';
import { replay } from '../../../core/diag/replay.ts';
import { digestOf } from '../../../core/digest.ts';
import { documentText } from '../../../core/document-text.ts';
import { type Dispatcher, dispatcher } from '../../fixtures/dispatcher.ts';
import { documentOf, ended, packed, running, tamper, textIn } from './bundles.ts';

let home: Dispatcher;
let bundle: ReadBundle;

beforeEach(async () => {
  home = await dispatcher();
  const id = await running(home);
  await ended(home, id);
  bundle = await packed(home, id);
});

describe('an index that was changed with care, so that each digest is right', () => {
  it('contradicts nothing as it was made', () => {
    expect(contradictions(bundle)).toEqual([]);
  });

  it.each([
    [
      'the state',
      { state: 'failed' },
      ['result.json has the state succeeded, and index.json failed', 'summary.json has the state succeeded, and index.json failed'],
    ],
    [
      'the exit code',
      { exit_code: 1 },
      [
        'verdicts.json has the exit code 0, and index.json 1',
        'result.json has the exit code 0, and index.json 1',
        'summary.json has the exit code 0, and index.json 1',
      ],
    ],
    [
      'the rule',
      { rule: 'UNCHANGED' },
      ['verdicts.json has the rule SUCCESS, and index.json UNCHANGED', 'result.json has the rule SUCCESS, and index.json UNCHANGED'],
    ],
    [
      'the builder',
      { builder: 'other' },
      [
        'verdicts.json has the builder base, and index.json other',
        'result.json has the builder base, and index.json other',
        'summary.json has the builder base, and index.json other',
      ],
    ],
  ])('shows by %s', (_, changes, faults) => {
    const changed = { ...bundle, index: DiagIndex.parse({ ...bundle.index, ...changes }) };
    expect(contradictions(changed)).toEqual(faults);
    expect(replay(changed)).toMatchObject({ ok: false, failure: { rule: 'BUNDLE_TAMPERED', evidence: faults } });
  });

  it('shows by when what the build left may go', () => {
    const retention = { ...bundle.index.retention, expires_at: '2030-01-01T00:00:00.000Z' };
    expect(contradictions({ ...bundle, index: { ...bundle.index, retention } })).toEqual([
      'summary.json has the expiry 2027-11-22T10:00:00.000Z, and index.json 2030-01-01T00:00:00.000Z',
    ]);
  });

  /** The bundle with another file, and an index that vouches for it. */
  const withFile = (path: string, text: string): ReadBundle => {
    const content = new TextEncoder().encode(text);
    const files = bundle.index.files.map((file) => (file.path === path ? { ...file, digest: digestOf(content) } : file));
    return { index: { ...bundle.index, files }, files: new Map([...bundle.files, [path, content] as const]) };
  };

  it('shows by the days that the summary has', () => {
    const changed = withFile('summary.json', textIn(bundle, 'summary.json').replace('"days": 365', '"days": 3'));
    expect(contradictions(changed)).toEqual([
      'summary.json has the expiry 2027-11-22T10:00:00.000Z, and 3 days after its end are over at 2026-11-25T10:00:00.000Z',
    ]);
  });

  it('shows by the lock that the summary has', () => {
    const changed = withFile('summary.json', textIn(bundle, 'summary.json').replace('"days": 365', '"days": 365, "lock": "GOVERNANCE"'));
    expect(contradictions(changed)).toEqual(['summary.json has the lock GOVERNANCE, and index.json none']);
  });

  it('shows by the log that the scrub manifest speaks of', () => {
    const changed = withFile('attempt-1/packer.log', textIn(bundle, 'attempt-1/packer.log').replace('1795378213', '1795378214'));
    expect(contradictions(changed)).toEqual([
      expect.stringMatching(/^attempt-1\/packer\.log has the digest sha256:\w+, and attempt-1\/scrub-manifest\.json sha256:\w+$/),
    ]);
  });

  it('shows by the manifest that the summary names', () => {
    const document = { ...(documentOf(bundle, 'manifest.json') as object), sequence: 2 };
    expect(contradictions(withFile('manifest.json', documentText(document)))).toEqual([
      expect.stringMatching(/^manifest\.json has the digest sha256:.*, and summary\.json names sha256:/),
    ]);
  });

  it('but not by what was altered before the bundle was made, which the bundle says itself', async () => {
    const { build_id: id } = bundle.index;
    await tamper(home, `artifacts/base/${id}.hash.json`, (before) =>
      Buffer.from(before).toString().replace('"sequence": 1', '"sequence": 2'),
    );
    expect(contradictions(await packed(home, id))).toEqual([]);
  });
});
