import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { tarArchive } from '../../../adapters/local/tar-archive.ts';
import { type Build } from '../../../core/build.ts';
import { keys } from '../../../core/contract/keys.ts';
import { makeBundle, storeBundle } from '../../../core/diag/make-bundle.ts';
import { type BuildId } from '../../../core/identity.ts';
import { auditHome } from '../../../core/retention/audit.ts';
import { type AuditFindingName, auditFindings } from '../../../core/retention/audit-finding.ts';
import { holdBuild } from '../../../core/retention/hold.ts';
import { base, other } from '../../fixtures/dispatcher.ts';
import { buildIdOf } from '../../fixtures/records.ts';
import { type KeptHome, keptConfig, keptHome } from '../../fixtures/retention/kept-home.ts';

let home: KeptHome;
beforeEach(async () => {
  home = await keptHome();
});

const audit = (deep = true) => auditHome({ ...home.sweeping }, keptConfig.retention, { deep });
const at = (key: string) => join(home.home, key);

async function overwrite(key: string, change: (text: string) => string): Promise<void> {
  await chmod(at(key), 0o644);
  await writeFile(at(key), change(await readFile(at(key), 'utf8')));
  await chmod(at(key), 0o444);
}

async function changeBuild(id: BuildId, changes: Partial<Build>): Promise<void> {
  const build = await home.build(id);
  await home.ports.records.commit([
    { type: 'build', expected: build.version, document: { ...build, version: build.version + 1, ...changes } },
  ]);
}

const tags = (id: string, retention = 'short') => ({ kind: 'result', builder: base, build: id, retention }) as const;

/** Each way in which what is kept can differ from what was promised, planted into a home with the builds first (30 days, ended), second (30 days) and third (held). */
interface Planted {
  readonly name: string;
  readonly finding: AuditFindingName;
  /** What it is, too. */
  readonly also?: readonly AuditFindingName[];
  /** @returns the key that it befalls. */
  readonly plant: (builds: { readonly first: BuildId; readonly second: BuildId; readonly third: BuildId }) => Promise<string>;
}

const planted: readonly Planted[] = [
  {
    name: 'a result that somebody wrote by hand',
    finding: 'no-class',
    plant: async () => {
      const key = keys.result(base, buildIdOf(77));
      await writeFile(at(key), '{}');
      return key;
    },
  },
  {
    name: 'a bundle that somebody wrote by hand',
    finding: 'no-class',
    plant: async ({ second }) => {
      const key = `diag/${base}/${second}.tar.gz`;
      await mkdir(dirname(at(key)), { recursive: true });
      await writeFile(at(key), 'x');
      return key;
    },
  },
  {
    name: 'an object of a build that no record knows',
    finding: 'unknown-build',
    plant: async () => {
      const key = keys.result(base, buildIdOf(78));
      await home.ports.objects.create(key, new Uint8Array(1), tags(buildIdOf(78)));
      return key;
    },
  },
  {
    name: 'an object whose tag names a lesser class',
    finding: 'class-differs',
    plant: async ({ third }) => {
      const key = keys.scrubManifest(base, third, 2);
      await home.ports.objects.create(key, new Uint8Array(1), tags(third, 'standard'));
      return key;
    },
  },
  {
    name: 'a class that the policy no longer has, of a build that was promised no days',
    finding: 'unknown-class',
    also: ['class-differs', 'summary-differs'],
    plant: async ({ second }) => {
      const key = `diag/${base}/${second}.tar.gz`;
      await changeBuild(second, { retention: 'gone', retention_terms: null });
      await home.ports.objects.create(key, new Uint8Array(1), tags(second, 'gone'));
      return key;
    },
  },
  {
    name: 'a result that outlived its class',
    finding: 'outlived',
    plant: async () => {
      const late = await home.built('short', other);
      await home.built('standard', other);
      home.passDays(35);
      return keys.result(other, late);
    },
  },
  {
    name: 'a result that was removed by hand before its time',
    finding: 'gone-early',
    plant: async ({ second }) => {
      await rm(at(keys.result(base, second)));
      return keys.result(base, second);
    },
  },
  {
    name: 'a manifest that was removed by hand before its time',
    finding: 'gone-early',
    plant: async ({ second }) => {
      await rm(at(keys.manifest(base, second)));
      return keys.manifest(base, second);
    },
  },
  {
    name: 'a log that was removed by hand though its build is held',
    finding: 'gone-early',
    plant: async ({ third }) => {
      await rm(at(keys.log(base, third, 1)));
      return keys.log(base, third, 1);
    },
  },
  {
    name: 'the copy of the newest summary that was removed by hand',
    finding: 'gone-early',
    plant: async () => {
      await rm(at(keys.newestSummary(base)));
      return keys.newestSummary(base);
    },
  },
  {
    name: 'a result that went at the end of its time without a record',
    finding: 'unrecorded',
    plant: async () => {
      const late = await home.built('short', other);
      await home.built('standard', other);
      home.passDays(31);
      await rm(at(keys.result(other, late)));
      return keys.result(other, late);
    },
  },
  {
    name: 'the record of a build that says that its objects are not going, while one is gone',
    finding: 'unrecorded',
    plant: async ({ first }) => {
      await changeBuild(first, { expired: null });
      return keys.result(base, first);
    },
  },
  {
    name: 'a log that was altered',
    finding: 'altered',
    plant: async ({ second }) => {
      await overwrite(keys.log(base, second, 1), (text) => `${text}x`);
      return keys.log(base, second, 1);
    },
  },
  {
    name: 'a manifest that was altered',
    finding: 'altered',
    plant: async ({ third }) => {
      await overwrite(keys.manifest(base, third), (text) => text.replace('"attempt": 1', '"attempt": 2'));
      return keys.manifest(base, third);
    },
  },
  {
    name: 'a sealed object that can be written to',
    finding: 'unlocked',
    plant: async ({ third }) => {
      await chmod(at(keys.result(base, third)), 0o600);
      return keys.result(base, third);
    },
  },
  {
    name: 'a build whose record names fewer days than its summary',
    finding: 'summary-differs',
    plant: async ({ second }) => {
      const { retention_terms: terms } = await home.build(second);
      if (terms === null) throw new Error('the build was promised its days');
      await changeBuild(second, { retention_terms: { ...terms, days: 29 } });
      return keys.summary(base, second);
    },
  },
];

describe('an audit of a home', () => {
  /** One build that has expired, one that has not, and one that has and is held. */
  async function threeBuilds() {
    const first = await home.built();
    const third = await home.built('evidence');
    await holdBuild(home.ports, third, 'counsel', 'case 7');
    home.passDays(31);
    const second = await home.built();
    await home.sweep();
    return { first, second, third };
  }

  it('finds nothing where all is as promised, whatever has expired, is held or published', async () => {
    const { third } = await threeBuilds();
    expect(await audit()).toMatchObject({ findings: [], held: [third], objects: 12, inspected: 12 });
    home.passDays(20_000);
    await home.sweep();
    expect(await audit()).toMatchObject({ findings: [], held: [third] });
  });

  it('finds nothing in a bundle that was stored, and stored again: it is replaced, so it is not sealed', async () => {
    const id = await home.built();
    const ports = { ...home.ports, kept: home.kept, archive: tarArchive };
    for (const command of ['one', 'another']) {
      const made = await makeBundle(ports, keptConfig, { ...(await home.build(id)), command }, []);
      if (!made.ok) throw new Error(made.failure.message);
      expect((await storeBundle(ports, keptConfig, await home.build(id), made.value)).ok).toBe(true);
      expect(await audit()).toMatchObject({ findings: [], objects: 8, inspected: 8 });
    }
  });

  it('says how much is in each class', async () => {
    await threeBuilds();
    expect((await audit()).classes).toEqual([
      { class: 'evidence', objects: 5, bytes: expect.any(Number) },
      { class: 'short', objects: 7, bytes: expect.any(Number) },
    ]);
  });

  it.each(planted)('finds $name', async ({ finding, also = [], plant }) => {
    const key = await plant(await threeBuilds());
    const { findings } = await audit();
    expect(findings.map((each) => [each.finding, each.key])).toContainEqual([finding, key]);
    // Nothing is found for the sake of another thing.
    expect(new Set(findings.map((each) => each.finding))).toEqual(new Set([finding, ...also]));
    for (const each of findings) expect(each.message.startsWith(`${each.key} `)).toBe(true);
  });

  it('is tried on every finding that there is', () => {
    expect(new Set(planted.map(({ finding }) => finding))).toEqual(new Set(Object.keys(auditFindings)));
    expect(planted.length).toBeGreaterThanOrEqual(15);
  });

  it('is patient for as many days as the policy allows', async () => {
    await home.built('short', other);
    await home.built('standard', other);
    home.passDays(34);
    home.pass(-1);
    expect((await audit()).findings).toEqual([]);
    home.pass(1);
    expect((await audit()).findings).toMatchObject([{ finding: 'outlived' }, {}, {}, {}, {}]);
    const patient = { ...keptConfig.retention, late_days: 5 };
    expect((await auditHome(home.sweeping, patient, { deep: false })).findings).toEqual([]);
  });

  it('reads a sample, which is another one each day, and all of them where it is deep', async () => {
    const id = await home.built();
    for (let n = 2; n < 260; n += 1)
      await home.ports.objects.create(keys.scrubManifest(base, id, n), new Uint8Array(1), {
        kind: 'scrub-manifest',
        builder: base,
        build: id,
        retention: 'short',
      });
    const read = new Set<string>();
    const kept = {
      ...home.kept,
      inspect: async (object: Parameters<typeof home.kept.inspect>[0]) => (read.add(object.key), home.kept.inspect(object)),
    };
    const looked = async (deep: boolean) => (await auditHome({ ...home.sweeping, kept }, keptConfig.retention, { deep })).inspected;
    expect(await looked(false)).toBeLessThanOrEqual(100);
    expect(read.size).toBeLessThanOrEqual(100);
    home.passDays(1);
    await looked(false);
    home.passDays(1);
    await looked(false);
    expect(read.size).toBe((await home.objects()).length);
    read.clear();
    expect(await looked(true)).toBe(read.size);
  });
});
