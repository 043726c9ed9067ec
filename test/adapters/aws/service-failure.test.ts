import { describe, expect, it } from 'vitest';

import { explained, partFailure } from '../../../adapters/aws/service-failure.ts';
import { FailureError } from '../../../core/failure-error.ts';

const called = { what: 'the bucket images', action: 's3:PutObject', subject: 'the object a/b' };
const errorOf = (name: string, more: object = { $fault: 'client' }) => Object.assign(new Error('as AWS says it'), { name, ...more });
const thrower = (error: Error) => async () => {
  throw error;
};
const failing = (error: Error) => explained(called, thrower(error));

describe('what AWS refuses', () => {
  it('is told with what was called, for what, and in the words of AWS', async () => {
    const error = errorOf('NoSuchBucket');
    await expect(failing(error)).rejects.toMatchObject({
      cause: error,
      failure: {
        rule: 'STORAGE',
        message: 'the bucket images does not exist (s3:PutObject for the object a/b: NoSuchBucket: as AWS says it)',
        remedy: expect.stringContaining('deploy the stack again'),
      },
    });
  });

  it.each([
    ['AccessDenied', /may not be used so/, /s3:PutObject/],
    ['AccessDeniedException', /may not be used so/, /permission/],
    ['UnauthorizedOperation', /may not be used so/, /permission/],
    ['AuthorizationErrorException', /may not be used so/, /permission/],
    ['KMSAccessDeniedException', /may not be used so/, /the key that encrypts it/],
    ['SlowDown', /takes no more requests/, /quota/],
    ['RequestLimitExceeded', /takes no more requests/, /quota/],
    ['NotFound', /does not exist/, /deploy/],
    ['ExpiredToken', /with these credentials/, /credentials/],
    ['AuthFailure', /with these credentials/, /credentials/],
    ['RequestTimeTooSkewed', /for its time/, /clock/],
    ['TimeoutError', /cannot be reached/, /network/],
    ['Unheard', /refused a request/, /documentation/],
  ])('as %s says what it means and what to do', async (name, message, remedy) => {
    await expect(failing(errorOf(name))).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
    });
  });

  it('is told from what failed on the side of AWS, and from what never came to it', async () => {
    await expect(failing(errorOf('Unheard', { $fault: 'server' }))).rejects.toThrow(/failed on the side of AWS/);
    await expect(failing(errorOf('Error', { code: 'ECONNREFUSED' }))).rejects.toThrow(/cannot be reached .*ECONNREFUSED/);
    await expect(failing(Object.assign(new TypeError('no way'), { code: 'ENOTFOUND' }))).rejects.toThrow(/cannot be reached/);
    await expect(failing(new Error('Checksum mismatch'))).rejects.toThrow(/did not do what was asked of it .*Checksum mismatch/);
  });

  it("means what the service's own table says before what all services share", async () => {
    const own = { NoSuchBucket: { problem: 'is somewhere else', remedy: 'look there' } };
    await expect(explained(called, thrower(errorOf('NoSuchBucket')), own)).rejects.toMatchObject({
      failure: { message: expect.stringContaining('is somewhere else'), remedy: 'look there' },
    });
  });

  it('is told in the same words where AWS answers well and says of a part that it failed', () => {
    expect(partFailure(called, { name: 'AccessDenied', message: 'no' }).failure).toMatchObject({
      rule: 'STORAGE',
      message: 'the bucket images may not be used so by this role (s3:PutObject for the object a/b: AccessDenied: no)',
    });
    expect(partFailure({ what: 'the bus', action: 'events:PutEvents' }, { name: 'Odd', message: '' }).failure.message).toBe(
      'the bus did not do what was asked of it (events:PutEvents: Odd)',
    );
  });
});

describe('what is no refusal', () => {
  it.each<[string, Error]>([
    ['a bug', new TypeError('x is not a function')],
    ['what is a failure already', new FailureError({ rule: 'RECORD_NEWER', message: 'newer', remedy: 'update' })],
  ])('is thrown as it is: %s', async (_, thrown) => {
    await expect(failing(thrown)).rejects.toBe(thrown);
  });

  it('is answered as it is', async () => {
    expect(await explained(called, async () => 'answer')).toBe('answer');
  });
});
