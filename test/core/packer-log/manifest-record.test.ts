import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { lastRunOf, parseManifestRecord } from '../../../core/packer-log/manifest-record.ts';

const appended = readFileSync(new URL('../../fixtures/captures/manifest-two-runs-appended.json', import.meta.url), 'utf8');

describe('the record of the manifest post-processor', () => {
  it('tells of this run only, though it appends', () => {
    const before = { last_run_uuid: 'fa36df62-697a-0634-bf55-3f694df3748b' };
    expect(parseManifestRecord(appended, before)).toEqual({
      ok: true,
      value: [
        { id: 'File', type: 'file', builder_id: null, name: 'a', files: ['out-a.txt'] },
        { id: 'File', type: 'file', builder_id: null, name: 'b', files: ['out-b.txt'] },
      ],
    });
  });

  it('tells of nothing where the last run is the one from before', () => {
    expect(parseManifestRecord(appended, { last_run_uuid: lastRunOf(appended) })).toEqual({ ok: true, value: [] });
  });

  it('takes builds without files', () => {
    const text = JSON.stringify({
      builds: [
        {
          name: 'a',
          builder_type: 'amazon-ebs',
          build_time: 1,
          files: null,
          artifact_id: 'us-east-1:ami-1',
          packer_run_uuid: 'r',
          custom_data: null,
        },
      ],
      last_run_uuid: 'r',
    });
    expect(parseManifestRecord(text, { last_run_uuid: null })).toMatchObject({ ok: true, value: [{ id: 'us-east-1:ami-1', files: [] }] });
  });

  it.each(['', appended.slice(0, 300), 'null', '[]', '{"builds": [{"name": 1}], "last_run_uuid": "r"}', '{"builds": []}'])(
    'is a failure where it is none: %j',
    (text) => {
      expect(lastRunOf(text)).toBeNull();
      expect(parseManifestRecord(text, { last_run_uuid: null })).toMatchObject({ ok: false, failure: { rule: 'STORAGE' } });
    },
  );
});
