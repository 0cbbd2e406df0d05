import { describe, expect, test } from 'vitest';
import { eventPatternSchema, matches } from '../../../../local/aws/events/event-pattern.ts';

const event = {
  source: 'aws.s3',
  detail: { bucket: { name: 'uploads' }, object: { key: 'a/Oak.PNG', size: 0 }, tags: ['x', 'y'] },
};

describe('an event pattern', () => {
  test.each([
    ['an exact value', { source: ['aws.s3'] }],
    ['one of several values', { source: ['aws.states', 'aws.s3'] }],
    ['a nested value', { detail: { bucket: { name: ['uploads'] } } }],
    ['a number', { detail: { object: { size: [0] } } }],
    ['a prefix', { detail: { object: { key: [{ prefix: 'a/' }] } } }],
    ['a suffix', { detail: { object: { key: [{ suffix: '.PNG' }] } } }],
    ['letters of any case', { detail: { object: { key: [{ 'equals-ignore-case': 'A/oak.png' }] } } }],
    ['a field that is there', { detail: { bucket: [{ exists: true }] } }],
    ['a field that is not there', { detail: { version: [{ exists: false }] } }],
    ['anything but', { source: [{ 'anything-but': ['aws.states'] }] }],
    ['an item of a list', { detail: { tags: ['y'] } }],
  ])('matches %s', (_, pattern) => {
    expect(matches(eventPatternSchema.parse(pattern), event)).toBe(true);
  });

  test.each([
    ['another value', { source: ['aws.sqs'] }],
    ['a missing field', { detail: { account: ['x'] } }],
    ['a string in place of a number', { detail: { object: { size: ['0'] } } }],
    ['one wrong field of two', { source: ['aws.s3'], detail: { bucket: { name: ['other'] } } }],
    ['a prefix of a number', { detail: { object: { size: [{ prefix: '0' }] } } }],
    ['what is excluded', { source: [{ 'anything-but': 'aws.s3' }] }],
  ])('does not match %s', (_, pattern) => {
    expect(matches(eventPatternSchema.parse(pattern), event)).toBe(false);
  });

  test('with an unknown filter is refused', () => {
    expect(eventPatternSchema.safeParse({ source: [{ cidr: '10.0.0.0/8' }] }).success).toBe(false);
  });
});
