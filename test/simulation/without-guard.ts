import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Guard } from './guards.ts';

const root = join(import.meta.dirname, '..', '..');

/**
 * Takes a guard out of the domain's text, for all modules that this thread loads from now on.
 *
 * @returns asserts that the text was there, just once: a guard that cannot be found any more is no guard.
 */
export function takeAway(guard: Extract<Guard, { readonly file: string }>): () => void {
  const url = pathToFileURL(join(root, guard.file)).href;
  let taken = 0;
  registerHooks({
    load(wanted, context, next) {
      const loaded = next(wanted, context);
      if (wanted !== url) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source ?? new Uint8Array());
      const pieces = source.split(guard.text);
      taken = pieces.length - 1;
      return { ...loaded, source: pieces.join(guard.without) };
    },
  });
  return () => {
    if (taken !== 1)
      throw new Error(`the guard ${guard.name} stands ${taken} times in ${guard.file}: its text in guards.ts is out of date`);
  };
}
