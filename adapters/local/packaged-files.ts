import { readFile } from 'node:fs/promises';

/** The text of `buildspecs/packer-build.yml`. The bundler replaces this module by one that holds the text itself. */
export function readBuildspec(): Promise<string> {
  return readFile(new URL('../../buildspecs/packer-build.yml', import.meta.url), 'utf8');
}
