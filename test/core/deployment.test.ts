import { describe, expect, it } from 'vitest';

import { deployedFingerprint } from '../../core/deployed-fingerprint.ts';
import { type Deployment, parseDeployment } from '../../core/deployment.ts';
import { fingerprintOf, plainVariableInput, sensitiveVariableInput, toolInput } from '../../core/fingerprint.ts';
import { builderNamed } from '../fixtures/records.ts';

const inputs = [toolInput('packer', '1.14.2'), sensitiveVariableInput('join_token', 'template')];
const base = builderNamed('base');
const deployment = {
  schema: 'hybridcore-packer/deployment/1',
  version: '0.1.0',
  config: { version: 1, builders: { base: { template: 'base', variables: ['region', 'join_token'] }, other: { template: 'other' } } },
  sources: { base: { fingerprint: fingerprintOf(inputs), inputs }, other: null },
};

function parsed(changes: object = {}): Deployment {
  const outcome = parseDeployment(JSON.stringify({ ...deployment, ...changes }));
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

function faultsOf(text: string): readonly string[] {
  const outcome = parseDeployment(text);
  return outcome.ok ? [] : (outcome.failure.evidence ?? []);
}

describe('deployment.json', () => {
  it('has the config as it rules, with its defaults', () => {
    expect(parsed().config.builders[base]).toMatchObject({ template: 'base', timeout: '60m' });
  });

  it('is refused with every fault of it', () => {
    const faults = faultsOf(
      JSON.stringify({ ...deployment, version: 7, sources: { base: { fingerprint: 'sha256:0' }, unknown: null }, more: true }),
    );
    expect(faults).toEqual([
      expect.stringMatching(/^version: /),
      expect.stringMatching(/^sources.base.fingerprint: /),
      expect.stringMatching(/^the top: .*"more"/),
    ]);
  });

  it('speaks of just the builders that its config has', () => {
    expect(faultsOf(JSON.stringify({ ...deployment, sources: { base: null, unknown: null } }))).toEqual([
      'sources.other: is missing, though config has it',
      'sources.unknown: is no builder of config',
    ]);
  });

  it('is refused where it is no JSON', () => {
    expect(faultsOf('{"planted')).toEqual(['it is no JSON']);
  });
});

describe('the fingerprint of the deployed source', () => {
  it('is the one that was computed, where a request sets nothing', () => {
    expect(deployedFingerprint(parsed(), base, {})).toBe(fingerprintOf(inputs));
  });

  it('counts the variables that a request sets as an attempt does', () => {
    expect(deployedFingerprint(parsed(), base, { region: 'eu-central-1' })).toBe(
      fingerprintOf([...inputs, plainVariableInput('region', 'eu-central-1')]),
    );
  });

  it('counts a sensitive variable by its reference alone, whatever a request sets', () => {
    expect(deployedFingerprint(parsed(), base, { join_token: 'x' })).toBe(fingerprintOf(inputs));
  });

  it.each([
    ['a builder whose source is not deployed', builderNamed('other'), {}],
    ['a builder that is not there', builderNamed('third'), {}],
  ])('is not known for %s', (_, builder, variables) => {
    expect(deployedFingerprint(parsed(), builder, variables)).toBeNull();
  });

  it('is not known for a request with variables where they change which files are inputs', () => {
    const sources = { ...deployment.sources, base: { fingerprint: fingerprintOf(inputs) } };
    expect(deployedFingerprint(parsed({ sources }), base, { region: 'eu-central-1' })).toBeNull();
    expect(deployedFingerprint(parsed({ sources }), base, {})).toBe(fingerprintOf(inputs));
  });
});
