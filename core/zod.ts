/*
 * The schema language of the whole tree: zod's small half, in which a bundle holds just the functions that it calls and a schema
 * takes half the time to make (docs/adr/0030). It says nothing by itself about what is wrong; here it gets its English.
 */
import { type ZodMiniLazy, type ZodMiniType, config } from 'zod/mini';
import english from 'zod/v4/locales/en.js';

config(english());

export * from 'zod/mini';
// Under names that read as what they do.
export { _default as withDefault, catch as withFallback } from 'zod/mini';

/** The schema behind a `z.lazy` one, for schemas that take parts of it. */
export function made<Schema extends ZodMiniType>(lazy: ZodMiniLazy<Schema>): Schema {
  return lazy.def.getter();
}
