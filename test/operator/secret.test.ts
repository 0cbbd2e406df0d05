import { describe, expect, it } from 'vitest';
import { keysIn } from '../../operator/secret.ts';
import { operatorCommand } from './command.ts';

describe('the keys in the standard input', () => {
  it.each([
    ['two lines', 'key-1\nsecret-1\n'],
    ['two lines of Windows', 'key-1\r\nsecret-1\r\n'],
    ['JSON', '{"apiKey":"key-1","apiSecret":"secret-1"}'],
    ['blanks around them', '  key-1  \n secret-1 '],
  ])('are understood as %s', (_, text) => {
    expect(keysIn(text)).toEqual({ apiKey: 'key-1', apiSecret: 'secret-1' });
  });

  it.each([
    ['nothing', ''],
    ['one line', 'key-1'],
    ['three lines', 'key-1\nsecret-1\nmore'],
    ['a blank within', 'key 1\nsecret-1'],
    ['an empty secret', '{"apiKey":"key-1","apiSecret":""}'],
    ['another field', '{"apiKey":"key-1","apiSecret":"secret-1","note":"x"}'],
  ])('are refused without repeating them: %s', (_, text) => {
    expect(() => keysIn(text)).toThrow('the standard input must have two lines');
    expect(() => keysIn(text)).not.toThrow(/key-1|secret-1/);
  });
});

it('the command never takes them as arguments, and does not repeat them', async () => {
  const { code, stderr } = await operatorCommand('secret', ['key-1', 'secret-1']);

  expect([code, stderr]).toEqual([
    2,
    'secret: the command takes only options; remove what is no option (--help shows all)\n',
  ]);
});
