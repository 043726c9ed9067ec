import { afterAll, beforeAll } from 'vitest';

import { environmentSecrets } from '../../../adapters/local/environment-secrets.ts';
import { secretsContract } from '../../contracts/secrets.ts';

const missing = [
  { reference: 'env:NOT_SET', known: 'NOT_SET' },
  { reference: 'env:EMPTY', known: 'EMPTY' },
  { reference: 'env:JOIN', known: 'JOIN' },
  { reference: 'env:join_token', known: 'join_token' },
  { reference: 'env:', known: 'variable' },
  ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].map((known) => ({ reference: `env:${known}`, known })),
  ...['secretsmanager:images/join#token', 'ssm:/images/join', 'JOIN_TOKEN', ''].map((reference) => ({ reference, known: reference })),
];

secretsContract('the environment', {
  secrets: environmentSecrets({ JOIN_TOKEN: 'value-of-the-token', MULTI_LINE: ' first\nsecond\u00e9 \n', EMPTY: '', NOT_SET: undefined }),
  present: [
    { reference: 'env:JOIN_TOKEN', value: 'value-of-the-token' },
    { reference: 'env:MULTI_LINE', value: ' first\nsecond\u00e9 \n' },
  ],
  missing,
});

beforeAll(() => {
  process.env['HYBRIDCORE_TEST_SECRET'] = 'value-in-this-process';
});
afterAll(() => {
  delete process.env['HYBRIDCORE_TEST_SECRET'];
});
secretsContract("a process's own environment", {
  secrets: environmentSecrets(process.env),
  present: [{ reference: 'env:HYBRIDCORE_TEST_SECRET', value: 'value-in-this-process' }],
  missing: missing.filter(({ reference }) => /^env:[a-z_]+$/i.test(reference)),
});
