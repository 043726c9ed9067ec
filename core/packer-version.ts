import { type Failure } from './failure.ts';

/** The reason why a packer may not be used for a builder that pins another version; undefined where it may. */
export function packerVersionProblem(pinned: string | undefined, found: string): Failure | undefined {
  if (pinned === undefined || pinned === found) return undefined;
  return {
    rule: 'PACKER_NOT_PINNED',
    message: `hybridcore.yaml pins packer ${pinned}, but packer here is ${found}`,
    remedy: `install packer ${pinned} (https://releases.hashicorp.com/packer/${pinned}/), or change the pin if ${found} is meant`,
  };
}

/** Why a template cannot be built by this packer: `required_plugins` and `packer init` came with 1.7.0. Undefined where it can. */
export function requiredPluginsProblem(requiresPlugins: boolean, found: string): Failure | undefined {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  if (!requiresPlugins || major > 1 || (major === 1 && minor >= 7)) return undefined;
  return {
    rule: 'PACKER_TOO_OLD',
    message: `the template has required_plugins, which packer knows from 1.7.0 on, and packer here is ${found}`,
    remedy:
      'install a newer packer (https://developer.hashicorp.com/packer/install), or leave the block out where this packer has the plugins built in',
  };
}
