import { readFile } from 'node:fs/promises';

import { nearestName } from '../../adapters/local/nearest-name.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import * as z from '../../core/zod.ts';

/** The form of an e-mail address, in as much as it matters here. */
const address = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;

const Switch = z.union(
  [
    z.boolean(),
    z.pipe(
      z.literal('true'),
      z.transform(() => true),
    ),
    z.pipe(
      z.literal('false'),
      z.transform(() => false),
    ),
  ],
  {
    error: 'it is true or false',
  },
);

const range = new RegExp(`${z.regexes.cidrv4.source}|${z.regexes.cidrv6.source}`);

/** A list of texts of a form, which `-c` gives as one text with commas. @param what each of it is, with its article. */
function listOf(form: RegExp, what: string) {
  const texts = z.union(
    [
      z.array(z.string()),
      z.pipe(
        z.string(),
        z.transform((text) => text.split(',').map((each) => each.trim())),
      ),
    ],
    { error: 'it is a list, or a text with commas between the items' },
  );
  return z
    .pipe(
      texts,
      z.transform((all) => all.filter((each) => each !== '')),
    )
    .check(z.refine((all) => all.every((each) => form.test(each)), `each of it is ${what}`));
}

const RequestsPerSecond = z.pipe(
  z.union([z.number(), z.pipe(z.string().check(z.regex(/^\d{1,6}$/)), z.transform(Number))], { error: 'it is a whole number' }),
  z.int('it is a whole number').check(z.gte(1, 'it is at least 1'), z.lte(10_000, 'it is at most 10000, which is what an account takes')),
);

/** What a deployment is told beside `hybridcore.yaml`: the context in `cdk.json`, or `-c KEY=VALUE`. */
const DeploymentContext = z.strictObject({
  config: z
    .optional(z.string().check(z.minLength(1, 'it is empty; it names a hybridcore.yaml')))
    .check(z.describe('the hybridcore.yaml to deploy')),
  stack: z
    .string({ error: 'it is missing; it names the stack, and is part of many names' })
    .check(
      z.regex(
        /^[A-Za-z][A-Za-z0-9-]{0,39}$/,
        'a stack is named with letters, digits and -, begins with a letter and has at most 40 characters',
      ),
      z.describe("the stack's name"),
    ),
  operators: z
    .withDefault(listOf(address, 'an e-mail address'), [])
    .check(z.describe('e-mail addresses that are told what needs a person')),
  runbook: z
    .string({ error: 'it is missing; it says where docs/runbook.md is read, and alarms link it' })
    .check(z.regex(/^[^\s#]+$/, 'it is an address or a path, without # and blanks'), z.describe('where docs/runbook.md is read')),
  api_requests_per_second: z
    .withDefault(RequestsPerSecond, 20)
    .check(z.describe('requests that the API takes a second; for a moment twice as many')),
  api_vpc_endpoints: z
    .withDefault(listOf(/^vpce-[0-9a-f]{8,17}$/, 'the id of a VPC endpoint (vpce-...)'), [])
    .check(z.describe('the endpoints by which alone the API is reached: it is private then')),
  api_addresses: z
    .withDefault(listOf(range, 'a range of addresses (203.0.113.0/24, 2001:db8::/32)'), [])
    .check(z.describe('the ranges of addresses from which alone the API is asked')),
  reserve_concurrency: z
    .withDefault(Switch, false)
    .check(z.describe('true where the account has concurrency to reserve, and sweeps are never to overlap')),
});
export type DeploymentContext = z.infer<typeof DeploymentContext>;

const known = Object.keys(DeploymentContext.shape);

/**
 * The context of a deployment: what the CDK's command line hands over where it runs this (`CDK_CONTEXT_JSON`, which holds that
 * of `cdk.json`), else `cdk.json` itself; and over it `-c KEY=VALUE`, as that command line takes it. USAGE with every fault of
 * it in one answer.
 *
 * @param parameters the words after the program's name.
 * @param file `cdk.json`, absolute.
 */
export async function readContext(
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
): Promise<Outcome<DeploymentContext>> {
  const given = givenContext(parameters);
  if (!given.ok) return given;
  const handed = environment['CDK_CONTEXT_JSON'];
  const base = handed === undefined ? await contextOf(file) : parseObject(handed, 'CDK_CONTEXT_JSON');
  if (!base.ok) return base;
  return checkContext({ ...base.value, ...given.value });
}

/** Holds a context against what a deployment takes. Keys of the CDK and its libraries are theirs. */
export function checkContext(context: Readonly<Record<string, unknown>>): Outcome<DeploymentContext> {
  const own = Object.fromEntries(Object.entries(context).filter(([key]) => known.includes(key) || !/[:@/]/.test(key)));
  const parsed = DeploymentContext.safeParse(own);
  if (parsed.success) return success(parsed.data);
  const faults = parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`context ${issue.path.map(String).join('.')}: ${issue.message}`];
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      return `context ${key}: there is no such key${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
  });
  return failure(
    'USAGE',
    faults.join('; '),
    `mend the context in cdk.json, or give -c KEY=VALUE; it has ${known.join(', ')} (docs/deploy.md says what for)`,
    faults,
  );
}

function givenContext(parameters: readonly string[]): Outcome<Record<string, string>> {
  const given: Record<string, string> = {};
  for (let at = 0; at < parameters.length; at += 1) {
    const word = parameters[at] ?? '';
    if (word !== '-c' && word !== '--context')
      return failure('USAGE', `${JSON.stringify(word)} is no parameter of the synthesis`, 'it takes -c KEY=VALUE, as often as you like');
    at += 1;
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(parameters[at] ?? '') ?? [];
    if (key === undefined || value === undefined)
      return failure('USAGE', `${word} is followed by ${JSON.stringify(parameters[at] ?? '')}`, `write ${word} KEY=VALUE`);
    given[key] = value;
  }
  return success(given);
}

async function contextOf(file: string): Promise<Outcome<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    return failure('USAGE', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, 'put the file back');
  }
  const parsed = parseObject(text, file);
  if (!parsed.ok) return parsed;
  const { context = {} } = parsed.value;
  return isObject(context) ? success(context) : failure('USAGE', `${file}: context is no object`, 'mend it: keys with their values');
}

function parseObject(text: string, name: string): Outcome<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return failure('USAGE', `${name} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, 'mend it');
  }
  return isObject(value) ? success(value) : failure('USAGE', `${name} is no object`, 'mend it');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
