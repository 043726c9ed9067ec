import { describe, expect, it } from 'vitest';

import { packerVersionProblem, requiredPluginsProblem } from '../../core/packer-version.ts';

describe('the version of packer', () => {
  it('is the pinned one, or the failure names both', () => {
    expect(packerVersionProblem(undefined, '1.6.6')).toBeUndefined();
    expect(packerVersionProblem('1.14.2', '1.14.2')).toBeUndefined();
    expect(packerVersionProblem('1.14.2', '1.6.6')).toMatchObject({
      rule: 'PACKER_NOT_PINNED',
      message: expect.stringMatching(/1\.14\.2.*1\.6\.6/) as string,
    });
  });

  it.each([
    [true, '1.6.6', 'PACKER_TOO_OLD'],
    [false, '1.6.6', undefined],
    [true, '1.7.0', undefined],
    [true, '1.16.0-dev', undefined],
    [true, '2.0.0', undefined],
  ])('with required_plugins %s and packer %s: %s', (requiresPlugins, found, rule) => {
    expect(requiredPluginsProblem(requiresPlugins, found)?.rule).toBe(rule);
  });
});
