import { rm } from 'node:fs/promises';

import { imageRepository } from '../../../adapters/local/image-repository.ts';
import { findSecrets } from '../../../adapters/local/secret-scan.ts';
import { imageRepositoryContract } from '../../contracts/image-repository.ts';
import { temporaryFolder, write } from '../../fixtures/templates/repository.ts';

imageRepositoryContract('a folder', async () => {
  const root = temporaryFolder();
  return {
    repository: { ...imageRepository(root), findSecrets: (inputs) => findSecrets(root, inputs) },
    write: async (name, content) => write(root, name, content),
    remove: () => rm(root, { recursive: true, force: true }),
  };
});
