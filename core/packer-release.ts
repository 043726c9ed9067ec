import { type Builder } from './config.ts';
import { type Architecture, packerReleases } from './contract/packer-releases.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuilderName } from './identity.ts';

/** A release of packer that a build environment installs: nothing else with that version is taken. */
export interface PackerRelease {
  readonly version: string;
  /** Of the zip file, in hex. */
  readonly sha256: string;
}

/** What a builder without a pin gets where its build image has no packer of its own. */
export const defaultPackerVersion = '1.15.4';

/**
 * The release that a builder pins, with the checksum that it is held to: the one that comes with this project, or the one
 * that stands beside the pin. Null where the builder pins none. CONFIG_INVALID where there is no checksum, or two that differ:
 * packer is never installed unchecked.
 */
export function packerRelease(name: BuilderName, builder: Builder, architecture: Architecture): Outcome<PackerRelease | null> {
  const { packer } = builder;
  if (packer === undefined) return success(null);
  const known = Object.hasOwn(packerReleases, packer.version) ? packerReleases[packer.version]?.[architecture] : undefined;
  const beside = packer.sha256?.[architecture];
  const sums = `https://releases.hashicorp.com/packer/${packer.version}/packer_${packer.version}_SHA256SUMS`;
  if (known !== undefined && beside !== undefined && known !== beside)
    return failure(
      'CONFIG_INVALID',
      `builders.${name}.packer.sha256.${architecture} is ${beside}, but packer ${packer.version} for ${architecture} is known by ${known}`,
      `leave it out; where you are sure of it, compare with ${sums}`,
    );
  const sha256 = known ?? beside;
  if (sha256 !== undefined) return success({ version: packer.version, sha256 });
  return failure(
    'CONFIG_INVALID',
    `builders.${name}.packer pins ${packer.version}, whose checksum for ${architecture} does not come with this project`,
    `put it beside the version, as \`sha256: { ${architecture}: ... }\`; it is the line packer_${packer.version}_${architecture}.zip of ${sums}`,
  );
}
