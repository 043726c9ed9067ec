import { describe, expect, it } from 'vitest';

import { Config } from '../../core/config.ts';
import { checkRequest } from '../../core/request-check.ts';

const config = Config.parse({
  version: 1,
  retention: {
    default: 'standard',
    classes: { short: { days: 30 }, standard: { days: 365 }, evidence: { days: 2555, lock: 'GOVERNANCE' } },
  },
  builders: { base: { template: 'base', variables: ['region'], secrets: { token: 'env:TOKEN' } } },
});
const check = (request: unknown) => checkRequest(config, request);

describe('a request', () => {
  it('that asks for nothing special gets the defaults', () => {
    expect(check({ builder: 'base' })).toEqual({
      ok: true,
      value: { request: { builder: 'base', variables: {}, only_if_changed: false }, retention: 'standard' },
    });
  });

  it('may raise the retention, never lower it', () => {
    expect(check({ builder: 'base', retention: 'evidence' })).toMatchObject({ ok: true, value: { retention: 'evidence' } });
    expect(check({ builder: 'base', retention: 'short' })).toMatchObject({ ok: false, failure: { rule: 'RETENTION_TOO_LOW' } });
    expect(check({ builder: 'base', retention: 'forever' })).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
  });

  it('may set the variables that the builder allows, and no others', () => {
    expect(check({ builder: 'base', variables: { region: 'us-east-1' } })).toMatchObject({ ok: true });
    expect(check({ builder: 'base', variables: { size: '1' } })).toMatchObject({ ok: false, failure: { rule: 'VARIABLE_NOT_ALLOWED' } });
  });

  it.each([
    ['takes more than travels to the attempt', 'x'.repeat(4084), /at most 4096 characters in all, as JSON/],
    ['has NUL, which no process can be given', 'a\0b', /a value is Unicode without NUL/],
    ['has half of a character', '\ud83d', /a value is Unicode without NUL/],
  ])('is told of a variable that %s', (_, region, fault) => {
    expect(check({ builder: 'base', variables: { region } })).toMatchObject({
      ok: false,
      failure: { rule: 'REQUEST_INVALID', message: expect.stringMatching(fault) as string },
    });
    expect(check({ builder: 'base', variables: { region: 'x'.repeat(4083) } })).toMatchObject({ ok: true });
  });

  it('never sets a secret, and the answer says that it is one', () => {
    const checked = check({ builder: 'base', variables: { token: 'x' } });
    expect(checked).toMatchObject({ ok: false, failure: { message: expect.stringMatching(/token.*is a secret/) as string } });
  });

  it('for a builder that is not there is told which are', () => {
    expect(check({ builder: 'bsae' })).toMatchObject({ ok: false, failure: { rule: 'BUILDER_UNKNOWN', remedy: 'there are: base' } });
  });

  it('is told all its faults in one answer, those of its form and those of its content', () => {
    const checked = check({
      builder: 'base',
      variables: { size: '1', token: 'x', region: 7 },
      retention: 'short',
      client_token: 'two words',
      max_age: 'a while',
      colour: 'red',
    });
    const evidence = checked.ok ? [] : (checked.failure.evidence ?? []);
    expect(checked).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
    const faults = [
      /variables\.region/,
      /client_token: .*printable ASCII/,
      /max_age: a duration/,
      /max_age: means something with only_if_changed/,
      /colour/,
      /not size/,
      /token .*is a secret/,
      /short keeps less/,
    ];
    for (const fault of faults)
      expect(
        evidence.filter((line) => fault.test(line)),
        String(fault),
      ).toHaveLength(1);
    expect(evidence).toHaveLength(faults.length);
    expect(checked.ok ? '' : checked.failure.message).toContain(evidence.join('; '));
  });

  it.each([
    [{ builder: 5, max_age: '5m' }, ['builder', 'max_age: means something']],
    [{ builder: 'base', variables: { region: 1 }, max_age: '5m' }, ['variables.region', 'max_age: means something']],
    [{ builder: 'nosuch', retention: 'forever' }, ['no builder nosuch', 'no retention class forever']],
  ])('is told all its faults also where one keeps its schema from looking further: %j', (request, faults) => {
    const checked = check(request);
    const evidence = checked.ok ? [] : (checked.failure.evidence ?? []);
    expect(evidence).toHaveLength(faults.length);
    for (const fault of faults) expect(evidence.filter((line) => line.includes(fault))).toHaveLength(1);
  });

  it('keeps the rule of its faults where they are of one kind', () => {
    expect(check({ builder: 'base', variables: { a: '1', b: '2' } })).toMatchObject({
      ok: false,
      failure: { rule: 'VARIABLE_NOT_ALLOWED', message: expect.stringContaining('2 faults') as string },
    });
  });

  it.each([null, undefined, 'base', 7, [], { builder: '../base' }, { builder: 'constructor' }, { builder: 'base', variables: [] }])(
    'that is none is refused: %j',
    (request) => {
      expect(check(request).ok).toBe(false);
    },
  );

  it('says an age or a fingerprint only where it may be skipped', () => {
    const fingerprint = `sha256:${'0'.repeat(64)}`;
    expect(check({ builder: 'base', max_age: '30d' })).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
    expect(check({ builder: 'base', fingerprint })).toMatchObject({ ok: false, failure: { rule: 'REQUEST_INVALID' } });
    expect(check({ builder: 'base', only_if_changed: true, max_age: '30d', fingerprint })).toMatchObject({ ok: true });
  });
});
