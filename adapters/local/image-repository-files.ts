import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { success } from '../../core/failure.ts';
import { type RepositoryFiles } from '../packer/template/repository-files.ts';
import { allFilesMatching, patternIn } from './input-file-globs.ts';
import { lookAt, notRead } from './input-file-place.ts';
import { readInputFile } from './input-file.ts';
import { type Sightings } from './input-sightings.ts';
import { nearestName } from './nearest-name.ts';

/** The files of the repository at a real root, for the discovery of what a template names. */
export function repositoryFiles(root: string, exclude: readonly string[], sightings: Sightings): RepositoryFiles {
  const files: RepositoryFiles = {
    typeOf(path, where) {
      sightings.looked.add(path);
      const place = lookAt(root, path, where);
      return place.ok ? success(place.value.type) : place;
    },
    namesIn(folder, where) {
      sightings.looked.add(folder);
      sightings.listed.add(folder);
      const place = lookAt(root, folder, where);
      if (!place.ok) return place;
      try {
        return success(readdirSync(join(root, folder)).toSorted());
      } catch (error) {
        return notRead(folder, where, error);
      }
    },
    read(path, where, limit) {
      sightings.looked.add(path);
      return readInputFile(root, path, where, limit);
    },
    filesIn(folder, pattern) {
      const where = 'fileset()';
      const found = allFilesMatching(root, { patterns: [patternIn(folder, pattern)], exclude }, where, sightings);
      if (!found.ok) return undefined;
      const start = folder === '' ? 0 : folder.length + 1;
      // What fileset() does not list is what packer does not read: links to folders, for instance.
      return found.value.filter((path) => isFile(path, where)).map((path) => path.slice(start));
    },
    nearest(path) {
      const segments = path.split('/');
      for (const [at, segment] of segments.entries()) {
        const folder = segments.slice(0, at).join('/');
        const names = files.namesIn(folder, 'hybridcore.yaml');
        if (!names.ok || names.value.includes(segment)) continue;
        const near = nearestName(segment, names.value);
        return near === undefined ? undefined : join(folder, near);
      }
      return undefined;
    },
  };

  function isFile(path: string, where: string): boolean {
    sightings.looked.add(path);
    const place = lookAt(root, path, where);
    return place.ok && place.value.type === 'file';
  }

  return files;
}
