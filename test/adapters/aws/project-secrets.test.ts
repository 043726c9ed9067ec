import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { projectSecrets } from '../../../adapters/aws/project-secrets.ts';
import { packerEnvironment } from '../../../adapters/packer/run-packer.ts';
import { secretVariable } from '../../../core/contract/variables.ts';
import { secretsContract } from '../../contracts/secrets.ts';

const token = 'secretsmanager:images/join#token';
const parameter = 'ssm:/images/join';
const environment = {
  [secretVariable(token)]: 'value-of-the-token',
  [secretVariable(parameter)]: ' first\nsecond\u00e9 \n',
  [secretVariable('ssm:/images/empty')]: '',
  JOIN_TOKEN: 'value-of-a-variable',
};

secretsContract('the environment of a CodeBuild project', {
  secrets: projectSecrets(environment),
  present: [
    { reference: token, value: 'value-of-the-token' },
    { reference: parameter, value: ' first\nsecond\u00e9 \n' },
  ],
  missing: [
    'secretsmanager:images/join',
    'secretsmanager:images/join#Token',
    'ssm:images/join',
    'ssm:/images/empty',
    'env:JOIN_TOKEN',
    'JOIN_TOKEN',
    '',
  ].map((reference) => ({ reference, known: reference })),
});

describe('the variable of a secret', () => {
  it('is named by the beginning of the SHA-256 of its reference, and no two references share one', () => {
    expect(secretVariable(token)).toBe(`HYBRIDCORE_SECRET_${createHash('sha256').update(token).digest('hex').slice(0, 16)}`);
    const alike = ['ssm:/a-b', 'ssm:/a_b', 'ssm:/a/b', 'ssm:a/b', 'secretsmanager:a/b', 'secretsmanager:a#b'];
    expect(new Set(alike.map(secretVariable)).size).toBe(alike.length);
    for (const reference of alike) expect(secretVariable(reference)).toMatch(/^[A-Z_]+[0-9a-f]{16}$/);
  });

  it('does not reach packer', () => {
    expect(packerEnvironment({ ...environment, PATH: '/bin' }, [])).not.toHaveProperty(secretVariable(token));
  });

  it('of a reference to a variable is not looked for: a person is told to name a store', async () => {
    const read = await projectSecrets({ ...environment, [secretVariable('env:JOIN_TOKEN')]: 'planted' }).read('env:JOIN_TOKEN');
    expect(read).toMatchObject({ ok: false, failure: { remedy: expect.stringMatching(/secretsmanager:.*ssm:/) } });
  });
});
