import { getLanguageService, TextDocument } from 'amazon-states-language-service';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { synthesizedStack } from '../infra/synthesized.ts';
import { definitionText } from './definition.ts';

const definition = definitionText(synthesizedStack());

/** Finds missing targets and unreachable states. */
function foundByAslValidator(text: string): string {
  const { isValid, errorsText } = aslValidator(JSON.parse(text), { checkArn: true, checkPaths: true });
  return isValid ? '' : errorsText('\n');
}

/** Finds unknown fields and bad jitter strategies. */
async function foundByLanguageService(text: string): Promise<string> {
  const service = getLanguageService({});
  const document = TextDocument.create('generation.asl.json', 'json', 1, text);
  const found = await service.doValidation(document, service.parseJSONDocument(document));
  return found.map(({ message }) => (typeof message === 'string' ? message : message.value)).join('\n');
}

function broken(part: string, by: string): string {
  const text = definition.replace(part, by);
  if (text === definition) throw new Error(`${part} is not in the definition`);
  return text;
}

describe('asl-validator', () => {
  it('finds nothing in the synthesized machine', () => {
    expect(foundByAslValidator(definition)).toBe('');
  });

  it.each([
    ['a state that is missing', '"Next":"CheckJob"', '"Next":"CheckJobs"', 'MISSING_TRANSITION_TARGET'],
    ['a state that nothing leads to', '"Next":"JobFailed"', '"Next":"Stored"', 'JobFailed'],
    ['a path that is none', '$.check.waitSeconds', '$.check[waitSeconds', 'SecondsPath'],
    ['a function that is none', 'arn:aws:lambda', 'arn!aws!lambda', 'Resource'],
  ])('would find %s', (_, part, by, told) => {
    expect(foundByAslValidator(broken(part, by))).toContain(told);
  });
});

describe('amazon-states-language-service', () => {
  it('finds nothing in the synthesized machine', async () => {
    expect(await foundByLanguageService(definition)).toBe('');
  });

  it.each([
    ['a field that it does not know', '"TimeoutSeconds":130', '"TimeOutSeconds":130', 'Field is not supported'],
    ['a jitter strategy that there is not', '"JitterStrategy":"FULL"', '"JitterStrategy":"SOME"', 'FULL'],
    ['a state that is missing', '"Next":"CheckJob"', '"Next":"CheckJobs"', 'Next'],
  ])('would find %s', async (_, part, by, told) => {
    expect(await foundByLanguageService(broken(part, by))).toContain(told);
  });
});
