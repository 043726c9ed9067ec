import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkContext, readContext } from '../../scripts/synth/context.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const least = { stack: 'images', runbook: 'docs/runbook.md' };

async function read(parameters: readonly string[], file: unknown, environment: Record<string, string> = {}) {
  const path = join(folder, 'cdk.json');
  await writeFile(path, typeof file === 'string' ? file : JSON.stringify(file));
  return readContext(parameters, environment, path);
}

describe('the context of a deployment', () => {
  it('is that of cdk.json, and over it what -c gives, the last one first', async () => {
    const context = await read(['-c', 'stack=mine', '--context', 'config=a.yaml', '-c', 'config=b=c.yaml'], {
      context: { ...least, operators: ['a@example.com'] },
    });
    expect(context).toEqual({
      ok: true,
      value: {
        stack: 'mine',
        config: 'b=c.yaml',
        runbook: 'docs/runbook.md',
        operators: ['a@example.com'],
        api_requests_per_second: 20,
        api_vpc_endpoints: [],
        api_addresses: [],
        reserve_concurrency: false,
      },
    });
  });

  it("is what the CDK's command line hands over, where that runs it", async () => {
    const handed = {
      ...least,
      operators: 'a@example.com, b@example.com',
      api_requests_per_second: '50',
      api_addresses: '192.0.2.0/24, 2001:db8::/32',
      reserve_concurrency: 'true',
    };
    expect(await read([], { context: { stack: 'other' } }, { CDK_CONTEXT_JSON: JSON.stringify(handed) })).toMatchObject({
      ok: true,
      value: {
        stack: 'images',
        operators: ['a@example.com', 'b@example.com'],
        api_requests_per_second: 50,
        api_addresses: ['192.0.2.0/24', '2001:db8::/32'],
        reserve_concurrency: true,
      },
    });
  });

  it('of this repository is a good one', async () => {
    expect(await readContext([], {}, resolve(import.meta.dirname, '../../cdk.json'))).toMatchObject({ ok: true });
  });

  it('leaves to the CDK and its libraries what is theirs', () => {
    const theirs = { '@aws-cdk/core:some': true, 'aws:cdk:enable-path-metadata': true, 'availability-zones:account=1:region=x': [] };
    expect(checkContext({ ...least, ...theirs })).toMatchObject({ ok: true });
  });

  it.each([
    [{ stak: 'x' }, /context stak: there is no such key; did you mean stack\?/],
    [{ colour: 'x' }, /context colour: there is no such key(?!; did)/],
    [{ stack: undefined }, /context stack: it is missing/],
    [{ stack: 'a_b' }, /context stack: a stack is named with letters, digits and -/],
    [{ stack: 'x'.repeat(41) }, /at most 40 characters/],
    [{ runbook: undefined }, /context runbook: it is missing; it says where docs\/runbook.md is read/],
    [{ operators: 'duty' }, /context operators: each of it is an e-mail address/],
    [{ operators: 7 }, /context operators: it is a list, or a text with commas/],
    [{ api_requests_per_second: 'many' }, /context api_requests_per_second: it is a whole number/],
    [{ api_requests_per_second: 0 }, /context api_requests_per_second: it is at least 1/],
    [{ api_vpc_endpoints: 'vpc-1' }, /context api_vpc_endpoints: each of it is the id of a VPC endpoint/],
    [{ api_addresses: '10.0.0.1' }, /context api_addresses: each of it is a range of addresses/],
    [{ api_addresses: '10.0.0.0/16, 10.0.0.0/33' }, /context api_addresses: each of it is a range of addresses/],
    [{ api_addresses: ['256.0.0.0/8'] }, /context api_addresses: each of it is a range of addresses/],
    [{ reserve_concurrency: 'maybe' }, /context reserve_concurrency: it is true or false/],
    [{ config: '' }, /context config: it is empty/],
  ])('is refused before anything is synthesized: %j', (wrong, message) => {
    const { stack, runbook, ...rest } = { ...least, ...wrong } as Record<string, unknown>;
    const context = { ...rest, ...(stack === undefined ? {} : { stack }), ...(runbook === undefined ? {} : { runbook }) };
    expect(checkContext(context)).toMatchObject({
      ok: false,
      failure: { rule: 'USAGE', message: expect.stringMatching(message) as string, remedy: expect.stringContaining('cdk.json') as string },
    });
  });

  it('tells every fault in one answer', () => {
    expect(checkContext({ stack: 'a_b', oprators: 'x', runbook: 'r' })).toMatchObject({
      ok: false,
      failure: {
        evidence: [expect.stringMatching(/^context stack/) as string, expect.stringMatching(/^context oprators.*operators\?$/) as string],
      },
    });
  });

  it.each([
    [['deploy'], {}, /"deploy" is no parameter/],
    [['-c'], {}, /-c is followed by ""/],
    [['-c', 'stack'], {}, /-c is followed by "stack"/],
    [[], '{', /cdk.json is no JSON/],
    [[], '[]', /cdk.json is no object/],
    [[], { context: [] }, /context is no object/],
  ])('says what is wrong with how it was given: %j %j', async (parameters, file, message) => {
    expect(await read(parameters, file)).toMatchObject({ ok: false, failure: { message: expect.stringMatching(message) as string } });
  });

  it('says so where cdk.json is not there', async () => {
    expect(await readContext([], {}, join(folder, 'none.json'))).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/none\.json cannot be read/) as string },
    });
  });
});
