import { describe, expect, it } from 'vitest';
import { redact } from '../../../functions/contract/failures.ts';

const S = 'Ab12-_~xyzSECRET34';

describe('text from outside', () => {
  it.each([
    `see https://cdn.example/a.glb?Policy=${S}&Signature=${S}&Key-Pair-Id=${S} now`,
    `https:\\/\\/cdn.example\\/a.glb?Signature=${S}&amp;Policy=${S}`,
    `cdn.example/a.glb?X-Amz-Signature=${S}&X-Amz-Credential=${S}%2F2026`,
    `X-Amz-Security-Token=${S}`,
    `{"Signature":"${S}","token": "${S}"}`,
    `{\\"Signature\\":\\"${S}\\"}`,
    `Signature%3D${S}%26Policy%3D${S}`,
    `Signature\\u003d${S}\\u0026Policy\\u003d${S}`,
    `Authorization: Basic ${S}==`,
    `authorization=Bearer ${S}`,
    `sent with Bearer ${S}`,
    `https://user:${S}@api.example/v1`,
    `api_key=${S} apiSecret: ${S}`,
    `x-api-key: ${S}`,
    `AWSAccessKeyId=${S}&GoogleAccessId=${S}`,
    `secretAccessKey=${S}`,
    `KEY_PAIR_ID=${S}; KeyPairId=${S}`,
    `token='${S}'`,
    `access_token=${S}, refreshToken=${S}`,
    `client_secret=${S}`,
    `"password" : "${S}"`,
    `Cookie: session=${S}`,
    `sig=${S}`,
    `eyJhbGciOiJIUzI1NiJ9.${S}.${S}`,
    `https://cdn.example/a.glb?hdnts=${S}${S}`,
  ])('is published without its secrets: %s', (text) => {
    const published = redact(text);

    expect(published).not.toContain('SECRET');
    expect(published).toContain('…');
  });

  it.each([
    'the signature of the image is fine',
    'at most 20 tokens are allowed',
    'see https://docs.example/errors?code=2022&lang=en',
    'faceLimit: 5000 is not allowed',
  ])('stays as it is if nothing is secret: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('is cut before it is searched, however long it is', () => {
    for (const text of ['https://x?', 'Signature=', 'a_-', 'Bearer ', '"token" : "'])
      expect(redact(text.repeat(1_000_000)).length).toBeLessThanOrEqual(1_000);
  });
});
