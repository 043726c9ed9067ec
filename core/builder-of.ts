import { type Builder, type Config } from './config.ts';
import { type BuilderName } from './identity.ts';

/** A builder by its name; undefined where there is none of that name. */
export function builderOf(config: Config, name: BuilderName): Builder | undefined {
  return Object.hasOwn(config.builders, name) ? config.builders[name] : undefined;
}
