import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

const KEY_PAIR_ID = 'KSTANDIN000001';

const policySchema = z.object({
  Statement: z.tuple([
    z.object({
      Resource: z.string(),
      Condition: z.object({ DateLessThan: z.object({ 'AWS:EpochTime': z.number() }) }),
    }),
  ]),
});

/** Signs URLs like CloudFront custom policies, with a secret of the stand-in. */
export interface UrlSigner {
  signed(url: string, expiresAtMs: number): string;
  /** Returns why the URL is invalid or expired, or undefined if it is valid. */
  objection(path: string, query: URLSearchParams, nowMs: number): string | undefined;
  /** Signs any text, for upload part URLs in the style of S3. */
  signature(text: string): string;
}

/** @param secret hex; keep it, or all earlier URLs become invalid */
export function createUrlSigner(secret: string): UrlSigner {
  const hmac = (text: string) => createHmac('sha256', Buffer.from(secret, 'hex')).update(text);
  const cloudFront = (base64: string) => base64.replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');
  const plain = (text: string) => text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/');

  function policyOf(encoded: string) {
    try {
      return policySchema.parse(JSON.parse(Buffer.from(plain(encoded), 'base64').toString())).Statement[0];
    } catch {
      return undefined;
    }
  }
  return {
    signed(url, expiresAtMs) {
      const policy = JSON.stringify({
        Statement: [
          {
            Resource: url,
            Condition: { DateLessThan: { 'AWS:EpochTime': Math.floor(expiresAtMs / 1000) } },
          },
        ],
      });
      const encoded = cloudFront(Buffer.from(policy).toString('base64'));
      const signature = cloudFront(hmac(encoded).digest('base64'));
      return `${url}?Policy=${encoded}&Signature=${signature}&Key-Pair-Id=${KEY_PAIR_ID}`;
    },
    objection(path, query, nowMs) {
      const encoded = query.get('Policy');
      const signature = query.get('Signature');
      if (encoded === null || signature === null || query.get('Key-Pair-Id') === null) return 'MissingKey';
      if (query.get('Key-Pair-Id') !== KEY_PAIR_ID) return 'Unknown Key';
      if (!same(cloudFront(hmac(encoded).digest('base64')), signature)) return 'Access denied';
      const policy = policyOf(encoded);
      // Compare only the path, because the stand-in can have another port after a restart.
      if (policy === undefined || new URL(policy.Resource).pathname !== path) return 'Access denied';
      return nowMs / 1000 < policy.Condition.DateLessThan['AWS:EpochTime'] ? undefined : 'Access denied';
    },
    signature: (text) => hmac(text).digest('hex'),
  };
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
