import { describe, expect, it } from 'vitest';

import { builderDigest } from '../../core/builder-digest.ts';
import { type Builder, Config } from '../../core/config.ts';
import { namesOf } from '../../core/names-of.ts';

const builder = (changes: object = {}): Builder => {
  const config = Config.parse({
    version: 1,
    retention: { default: 'short', classes: { short: { days: 30 } } },
    builders: { base: { template: 'base', ...changes } },
  });
  const [only] = Object.values(config.builders);
  if (only === undefined) throw new Error('there is a builder');
  return only;
};

/** A change of everything that a builder can say. */
const changes = {
  template: 'other',
  var_files: ['common.pkrvars.hcl'],
  only: ['file.image'],
  except: ['file.image'],
  inputs: { scripts: ['*.sh'] },
  variables: ['region'],
  secrets: { token: 'ssm:/token' },
  packer: { version: '1.14.2' },
  timeout: '61m',
  retry: { delay: '5m' },
  retention: 'short',
  schedule: { rate: '1 day' },
  publish: { ssm_parameter: '/images/base' },
  aws: { compute: 'small' },
} as const satisfies Record<keyof Builder, unknown>;

const dispatchersOwn: ReadonlySet<keyof Builder> = new Set(['retry', 'retention', 'schedule', 'publish', 'aws']);

describe('the digest of a builder', () => {
  it('is the same however the builder is written', () => {
    expect(builderDigest(builder({ variables: [], timeout: '60m' }))).toBe(builderDigest(builder({ timeout: '60m', variables: [] })));
    expect(builderDigest(builder({ timeout: '60m' }))).toBe(builderDigest(builder()));
  });

  it.each(namesOf(changes))('%s: changes with what concerns the attempt, and with nothing else', (name) => {
    const same = builderDigest(builder({ [name]: changes[name] })) === builderDigest(builder());
    expect(same).toBe(dispatchersOwn.has(name));
  });
});
