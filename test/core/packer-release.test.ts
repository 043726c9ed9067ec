import { describe, expect, it } from 'vitest';

import { Config } from '../../core/config.ts';
import { architectures, packerReleases } from '../../core/contract/packer-releases.ts';
import { BuilderName } from '../../core/identity.ts';
import { packerRelease } from '../../core/packer-release.ts';

const name = BuilderName.parse('base');
const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];

function builderWith(packer: unknown) {
  const builder = Config.parse({ version: 1, builders: { base: { template: 'images/base', ...(packer === undefined ? {} : { packer }) } } })
    .builders[name];
  if (builder === undefined) throw new Error('there is no such builder');
  return builder;
}

describe('the release that a builder pins', () => {
  it('is none where it pins none', () => {
    expect(packerRelease(name, builderWith(undefined), 'linux_amd64')).toStrictEqual({ ok: true, value: null });
  });

  it('has the checksum that comes with this project, for the architecture', () => {
    const release = (architecture: (typeof architectures)[number]) => packerRelease(name, builderWith({ version: '1.14.2' }), architecture);
    // As HashiCorp's packer_1.14.2_SHA256SUMS has them.
    expect(release('linux_amd64')).toStrictEqual({
      ok: true,
      value: { version: '1.14.2', sha256: 'cfefdea4ac580eba7b254ef34d25b756d4961741004e3e701a1476594d13e64a' },
    });
    expect(release('linux_arm64')).toStrictEqual({
      ok: true,
      value: { version: '1.14.2', sha256: '370002d15b07c0dc47dd0d188cdea8e6746606f6fcc3b4de48d02496d71d74ee' },
    });
  });

  it('has the checksum that stands beside the pin where none comes with this project', () => {
    const builder = builderWith({ version: '1.99.0', sha256: { linux_arm64: one } });
    expect(packerRelease(name, builder, 'linux_arm64')).toStrictEqual({ ok: true, value: { version: '1.99.0', sha256: one } });
  });

  it.each([[{ version: '1.99.0' }], [{ version: '1.99.0', sha256: { linux_amd64: one } }]])(
    'is an error without a checksum for the architecture: %j',
    (packer) => {
      expect(packerRelease(name, builderWith(packer), 'linux_arm64')).toMatchObject({
        ok: false,
        failure: {
          rule: 'CONFIG_INVALID',
          message: 'builders.base.packer pins 1.99.0, whose checksum for linux_arm64 does not come with this project',
          remedy: expect.stringContaining('https://releases.hashicorp.com/packer/1.99.0/packer_1.99.0_SHA256SUMS'),
        },
      });
    },
  );

  it('is an error where the checksum beside it is not the known one', () => {
    const builder = builderWith({ version: '1.14.2', sha256: { linux_amd64: other } });
    expect(packerRelease(name, builder, 'linux_amd64')).toMatchObject({
      ok: false,
      failure: { rule: 'CONFIG_INVALID', message: expect.stringContaining(`builders.base.packer.sha256.linux_amd64 is ${other}`) },
    });
    expect(packerRelease(name, builder, 'linux_arm64').ok).toBe(true);
  });
});

describe('the table of releases', () => {
  it('has a checksum of its own for each release and architecture', () => {
    const sums = Object.values(packerReleases).flatMap((release) => architectures.map((architecture) => release[architecture]));
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(sums).size).toBe(sums.length);
    for (const version of Object.keys(packerReleases)) expect(version).toMatch(/^1\.\d+\.\d+$/);
  });
});

describe('a checksum in hybridcore.yaml', () => {
  it.each([['A'.repeat(64)], ['a'.repeat(63)], [`sha256:${one}`]])('is 64 characters of hex, not %s', (sum) => {
    expect(() => builderWith({ version: '1.99.0', sha256: { linux_amd64: sum } })).toThrow('a SHA-256 is 64 characters of 0-9 and a-f');
  });

  it('is for an architecture that a build environment can have', () => {
    expect(() => builderWith({ version: '1.99.0', sha256: { darwin_arm64: one } })).toThrow('darwin_arm64');
  });
});
