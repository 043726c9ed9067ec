import { describe, expect, it } from 'vitest';

import {
  controlPrefix,
  incomingPrefix,
  lastingPrefixes,
  newestKeys,
  passingPrefixes,
  sealedKeys,
} from '../../../core/contract/key-patterns.ts';
import { keys } from '../../../core/contract/keys.ts';
import { keyPrefixes } from '../../../core/contract/object-key.ts';
import { BuildId, BuilderName, RunId } from '../../../core/identity.ts';

const builder = BuilderName.parse('debian-base');
const build = BuildId.parse('01JDXK3M9T4Q8W2Z6Y5R7P0ABC');
const run = RunId.parse('arn:aws:codebuild:us-east-1:123456789012:build/images_debian-base:0a1b');

/** As S3 and IAM match: `*` is any run of characters, `/` among them. */
function fits(patterns: readonly string[], key: string): boolean {
  const literal = (text: string) => text.replaceAll(/[.$]/g, String.raw`\$&`);
  return patterns.some((pattern) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => literal(part))
        .join('.*')}$`,
    ).test(key),
  );
}

describe('the patterns of keys', () => {
  it.each([
    keys.manifest(builder, build),
    keys.summary(builder, build),
    keys.log(builder, build, 2),
    keys.scrubManifest(builder, build, 1),
    keys.result(builder, build),
  ])('%s is sealed', (key) => {
    expect(fits(sealedKeys, key)).toBe(true);
  });

  it.each([keys.newestManifest(builder), keys.newestSummary(builder)])('%s is a newest-of key, and not sealed', (key) => {
    expect([fits(newestKeys, key), fits(sealedKeys, key)]).toEqual([true, false]);
  });

  it.each([...Object.values(keys.incoming(run)), keys.control(run, 'go')])('%s is neither', (key) => {
    expect([fits(newestKeys, key), fits(sealedKeys, key)]).toEqual([false, false]);
  });

  it('have prefixes that are those of all keys: what lasts and what passes', () => {
    expect([...lastingPrefixes, ...passingPrefixes].toSorted()).toEqual(keyPrefixes);
    expect(sealedKeys.every((key) => lastingPrefixes.some((prefix) => key.startsWith(prefix)))).toBe(true);
  });

  it('name the place of a run, or of whatever IAM puts in for it', () => {
    expect(Object.values(keys.incoming(run)).every((key) => key.startsWith(incomingPrefix(run)))).toBe(true);
    expect(keys.control(run, 'stop').startsWith(controlPrefix(run))).toBe(true);
    expect([incomingPrefix('${x}'), controlPrefix('${x}')]).toEqual(['incoming/${x}/', 'control/${x}/']);
  });
});
