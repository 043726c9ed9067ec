import { type Artifact } from '../../core/artifact.ts';
import { type ArtifactCheck } from '../../core/ports.ts';

/** An account with images, as far as anybody asks of it: which there are, and since when. */
export interface SimulatedAccount extends ArtifactCheck {
  /** When each image was made: milliseconds since 1970. */
  readonly images: ReadonlyMap<string, number>;
  make(image: string, at: number): void;
}

/** An account in memory. What is no image of it is not there. */
export function simulatedAccount(): SimulatedAccount {
  const images = new Map<string, number>();
  const problemOf = ({ id }: Artifact, after: number) => {
    const at = images.get(id);
    if (at === undefined) return `${id} is not there`;
    return at > after ? undefined : `${id} was there before`;
  };
  return {
    images,
    make: (image, at) => void images.set(image, at),
    async problem(artifacts, { after }) {
      const evidence = artifacts.flatMap((artifact) => problemOf(artifact, after) ?? []);
      const [first] = evidence;
      return first === undefined ? undefined : { rule: 'ARTIFACT_UNCONFIRMED', message: first, remedy: 'find out who says so', evidence };
    },
  };
}
