import { type Artifact } from '../../core/artifact.ts';
import { type ArtifactCheck, type ArtifactsFound } from '../../core/ports.ts';

/** An account with images, as far as anybody asks of it: which there are, and since when. An image shows some time after it was made. */
export interface SimulatedAccount extends ArtifactCheck {
  /** When each image was made: milliseconds since 1970. */
  readonly images: ReadonlyMap<string, number>;
  make(image: string, at: number): void;
}

/** When images show. */
interface Visibility {
  /** After how many milliseconds. */
  readonly after: number;
  readonly now: () => number;
}

/** An account in memory. What is no image of it is not there. @param visibility at once where it is left out. */
export function simulatedAccount(visibility?: Visibility): SimulatedAccount {
  const images = new Map<string, number>();
  const shows = ({ id }: Artifact) => {
    const at = images.get(id);
    return at !== undefined && (visibility === undefined || visibility.now() >= at + visibility.after);
  };
  return {
    images,
    make: (image, at) => void images.set(image, at),
    async look(artifacts, { after }) {
      const old = artifacts.filter((artifact) => shows(artifact) && (images.get(artifact.id) ?? 0) <= after);
      if (old.length > 0)
        return unconfirmed(
          'false',
          old.map(({ id }) => `${id} was there before`),
        );
      const absent = artifacts.filter((artifact) => !shows(artifact));
      return absent.length > 0
        ? unconfirmed(
            'absent',
            absent.map(({ id }) => `${id} does not show`),
          )
        : { state: 'there' };
    },
  };
}

function unconfirmed(state: 'absent' | 'false', evidence: readonly string[]): ArtifactsFound {
  return { state, failure: { rule: 'ARTIFACT_UNCONFIRMED', message: evidence[0] ?? '', remedy: 'find out who says so', evidence } };
}
