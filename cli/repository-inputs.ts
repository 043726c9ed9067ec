import { type SurveyedRepository, imageRepository } from '../adapters/local/image-repository.ts';
import { type Grounds } from '../adapters/local/kept-answer.ts';
import { programIdentity } from './program-identity.ts';

/** The inputs of a repository as commands ask for them: only what changed since the last command is read. */
export function repositoryInputs(
  { root, home }: { readonly root: string; readonly home: string },
  onGrounds?: (grounds: Grounds) => void,
): SurveyedRepository {
  return imageRepository(root, { home, program: programIdentity() }, onGrounds);
}
