/*
 * The schema language of the whole tree: zod's small half, in which a bundle holds just the functions that it calls and a schema
 * takes half the time to make (docs/adr/0030). It says nothing by itself about what is wrong; here it gets its English.
 */
import { config } from 'zod/mini';
import english from 'zod/v4/locales/en.js';

config(english());

export * from 'zod/mini';
// Under names that read as what they do.
export { _default as withDefault, catch as withFallback } from 'zod/mini';
