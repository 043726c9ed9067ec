import { readFileSync } from 'node:fs';

import { type Call } from './aws-endpoint.ts';

/** Makes the calls that the measured function made, one after another. */
export async function makeCalls(make: (call: Call) => Promise<void>): Promise<void> {
  // oxlint-disable-next-line no-unsafe-type-assertion
  const calls = JSON.parse(readFileSync(process.env['BENCH_CALLS'] ?? '', 'utf8')) as readonly Call[];
  for (const call of calls) await make(call);
}

/** What came over the wire, which for these services is how their commands take it. */
// Each command knows what it takes.
// oxlint-disable-next-line no-unnecessary-type-parameters
export function asSent<Input>(input: Readonly<Record<string, unknown>>): Input {
  // oxlint-disable-next-line no-unsafe-type-assertion
  return input as Input;
}
