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
