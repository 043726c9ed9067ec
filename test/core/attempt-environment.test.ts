import { expect, it } from 'vitest';

import { attemptEnvironment, attemptRequestFrom } from '../../core/attempt-environment.ts';
import { type Attempt, type Build } from '../../core/build.ts';
import { startVariables } from '../../core/contract/variables.ts';

const build = {
  build_id: '01JD8VQ4XK3T5W7Y9Z1B3C5D7E',
  builder: 'base',
  variables: { region: 'us-east-1', size: '8' },
} as unknown as Build;
const attempt = { attempt: 1, unless: null } as unknown as Attempt;

it('an attempt is told the same in whichever order its variables come back from the records', () => {
  const turned = { ...build, variables: { size: '8', region: 'us-east-1' } };
  expect(attemptEnvironment(turned, attempt)).toStrictEqual(attemptEnvironment(build, attempt));
});

it('an attempt reads what it was told', () => {
  const request = attemptRequestFrom({ ...attemptEnvironment(build, attempt), CODEBUILD_BUILD_ARN: 'run-1' });
  expect(request).toMatchObject({ ok: true, value: { builder: 'base', attempt: 1, variables: build.variables, unless: null } });
});

it('what an attempt is told at most is what a start may set, and nothing else', () => {
  const told = { ...attempt, unless: { fingerprint: 'sha256:1' }, expected: 'sha256:2', builder_digest: 'sha256:3' } as unknown as Attempt;
  expect(Object.keys(attemptEnvironment(build, told)).toSorted()).toEqual([...startVariables].toSorted());
});
