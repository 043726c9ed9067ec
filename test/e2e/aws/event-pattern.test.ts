import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import * as z from '../../../core/zod.ts';
import { InvalidEventPattern, matchesEventPattern } from '../../fixtures/aws/deployment/event-pattern.ts';

/** Patterns and events with the verdict of event-ruler, the library that EventBridge itself matches with. */
const vectors = z
  .array(z.object({ name: z.string(), pattern: z.unknown(), event: z.unknown(), eventRuler: z.union([z.boolean(), z.literal('invalid')]) }))
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/aws/event-pattern-vectors.json'), 'utf8')));

describe('the matching of event patterns', () => {
  it.each(vectors)('decides as event-ruler does: $name', ({ pattern, event, eventRuler }) => {
    if (eventRuler === 'invalid') expect(() => matchesEventPattern(pattern, event)).toThrow(InvalidEventPattern);
    else expect(matchesEventPattern(pattern, event)).toBe(eventRuler);
  });

  it('knows all vectors', () => {
    expect(vectors).toHaveLength(82);
  });

  it('asks of a list of objects that one of them is all that the pattern says, wherever $or stands', () => {
    const pattern = { a: { b: ['x'], $or: [{ c: ['1'] }, { d: ['2'] }] } };
    expect(matchesEventPattern(pattern, { a: [{ b: 'x' }, { c: '1' }] })).toBe(false);
    expect(matchesEventPattern(pattern, { a: [{ b: 'y' }, { b: 'x', d: '2' }] })).toBe(true);
  });

  it.each([
    ['an empty object', { a: {} }],
    ['two operators in one rule', { a: [{ prefix: 'x', suffix: 'y' }] }],
    ['strings and numbers excluded at once', { a: [{ 'anything-but': ['x', 1] }] }],
    ['bounds of which the lower is higher', { a: [{ numeric: ['>', 5, '<', 1] }] }],
    ['a range of addresses that is none', { a: [{ cidr: '10.0.0.0/99' }] }],
    ['an escape that means nothing', { a: [{ wildcard: 'a\\b' }] }],
  ])('refuses %s', (_, pattern) => {
    expect(() => matchesEventPattern(pattern, {})).toThrow(InvalidEventPattern);
  });
});
