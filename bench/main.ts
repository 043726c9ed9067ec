import { api } from './api.ts';
import { inputs } from './inputs.ts';
import { lambda } from './lambda.ts';
import { log } from './log.ts';
import { scrub } from './scrub.ts';

/** `npm run bench -- NAME`: each prints what it measured and answers whether its target holds. */
const benches: Readonly<Record<string, (words: readonly string[]) => Promise<boolean>>> = { api, inputs, lambda, log, scrub };

const [name = '', ...words] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  console.error(`there is no bench ${JSON.stringify(name)}; there are: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 1;
} else if (!(await bench(words))) {
  process.exitCode = 1;
}
