// A cold start, as far as Node goes: loads the handler in the folder named first, calls it with the event named second,
// and writes both times, in milliseconds, to descriptor 3. Plain JavaScript, so that nothing but the handler is compiled.
import { readFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, eventFile] = process.argv.slice(2);
const event = JSON.parse(readFileSync(eventFile, 'utf8'));
const context = { awsRequestId: 'cf9e3c1a-6a0b-4c8e-9d0f-2b1a3c4d5e6f', functionName: 'bench', memoryLimitInMB: '512' };

const began = performance.now();
const { handler } = await import(pathToFileURL(`${folder}/index.mjs`).href);
const loaded = performance.now();
const answer = await handler?.(event, context);
const answered = performance.now();
writeSync(3, JSON.stringify({ init: loaded - began, whole: answered - began, answer }));
process.exit(0);
