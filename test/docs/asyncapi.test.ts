import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { expect, it } from 'vitest';
import { eventSchemas } from '../../functions/contract/schemas.ts';
import { asyncApi } from './asyncapi.ts';

// The rest is advice: contact data, servers, and tags are the deployer's.
const WRONG = [DiagnosticSeverity.Error, DiagnosticSeverity.Warning] as readonly number[];

it('the AsyncAPI document is valid, its examples too, and has every event', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi()));

  expect(diagnostics.filter(({ severity }) => WRONG.includes(severity))).toEqual([]);
  expect(
    document
      ?.messages()
      .all()
      .map((message) => message.title()),
  ).toEqual(Object.keys(eventSchemas).map((detailType) => `Meshdrop: ${detailType}`));
});
