import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { AUTHORIZATION, jobIn, MODEL_PATH, virtualStandIn } from './virtual-stand-in.ts';
import { wordsFirst } from '../../words-first.ts';

describe('credentials and routes', () => {
  it('return 401 for a wrong secret, and 403 from the gateway without credentials', async () => {
    const standIn = await virtualStandIn();
    const wrong = { authorization: `Basic ${Buffer.from('key:other').toString('base64')}` };

    const stranger = await standIn.call('GET', '/v1/jobs', undefined, wrong);
    const nobody = await standIn.call('GET', '/v1/jobs', undefined, {});

    expect(stranger.status).toBe(401);
    expect(nobody.status).toBe(403);
    expect(nobody.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(nobody.body).toHaveProperty('message');
  });

  it('return 403 for an unknown route, and 404 for unknown IDs', async () => {
    const standIn = await virtualStandIn();

    expect((await standIn.call('GET', '/v1/me')).status).toBe(403);
    expect((await standIn.call('GET', '/v1/jobs/job_x')).status).toBe(404);
    expect((await standIn.call('GET', '/v1/assets/asset_x')).status).toBe(404);
    expect((await standIn.call('GET', '/v1/models/model_other')).status).toBe(404);
    expect((await standIn.call('POST', '/v1/generate/custom/model_other', {})).status).toBe(404);
  });

  it('refuse all host names except those of this machine', async () => {
    const standIn = await virtualStandIn();
    const get = (host: string) => standIn.call('GET', '/v1/jobs', undefined, { authorization: AUTHORIZATION, host });

    expect((await get('evil.example:80')).status).toBe(403);
    expect((await get('localhost:8080')).status).toBe(200);
    expect((await get('[::1]:8080')).status).toBe(200);
  });

  it('include the record of the model with its fourteen inputs', async () => {
    const standIn = await virtualStandIn();

    const { body } = await standIn.call('GET', '/v1/models/model_tripo-v3-1-image-to-3d');

    const { inputs } = body['model'] as { inputs: { name: string; required: boolean }[] };
    expect(inputs).toHaveLength(14);
    expect(inputs.filter((input) => input.required).map((input) => input.name)).toEqual(['image']);
  });
});

describe('uploading an image in base64', () => {
  it('creates an asset immediately, from base64 and from a data URL', async () => {
    const standIn = await virtualStandIn();
    const png = await sharp({ create: { width: 3, height: 2, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const base64 = png.toString('base64');

    for (const image of [base64, `data:image/png;base64,${base64}`]) {
      const { status, body } = await standIn.call('POST', '/v1/assets', { name: 'a.png', image });

      expect(status).toBe(200);
      expect(body['asset']).toMatchObject({
        kind: 'image',
        mimeType: 'image/png',
        status: 'success',
        properties: { width: 3, height: 2, size: png.byteLength },
      });
    }
  });

  it.each(
    wordsFirst<[Record<string, unknown>]>([
      [{ image: 'aGVsbG8=' }, '"name" is required'],
      [{ name: 'a' }, "Either 'image' or 'canvas' must be provided"],
      [{ name: 'a', image: 'aGVsbG8=' }, 'Unhandled image format'],
      [{ name: 'a', image: '*** not base64 ***' }, 'Unhandled image format'],
      [{ name: 'a', image: 'aGVsbG8=', colour: 1 }, '"colour" is not allowed'],
    ]),
  )('refuses a body: %s', async (reason, body) => {
    const standIn = await virtualStandIn();

    const answer = await standIn.call('POST', '/v1/assets', body);

    expect(answer.status).toBe(400);
    expect(answer.body['reason']).toBe(reason);
  });

  it('refuses images of 6 MB or more, and bodies over 10 MB without reading them', async () => {
    const standIn = await virtualStandIn();
    const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const padded = (bytes: number) => Buffer.concat([png, Buffer.alloc(bytes - png.byteLength)]).toString('base64');

    const justUnder = await standIn.call('POST', '/v1/assets', { name: 'a', image: padded(5_999_999) });
    const sixMegabytes = await standIn.call('POST', '/v1/assets', { name: 'a', image: padded(6_000_000) });
    const huge = await standIn.call('POST', '/v1/assets', { name: 'a', image: padded(7_600_000) });

    expect(justUnder.status).toBe(200);
    expect(sixMegabytes.body['reason']).toBe('Unhandled image format');
    expect([huge.status, huge.body]).toEqual([413, { message: 'Request Too Long' }]);
  });
});

describe('submitting', () => {
  it('charges once and returns the inputs', async () => {
    const standIn = await virtualStandIn();
    const image = await standIn.image();

    const answer = await standIn.submit({ image, texture: true, faceLimit: 5000 });

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ creativeUnitsCost: 37.5, creativeUnitsDiscount: 0 });
    expect(jobIn(answer)).toMatchObject({
      status: 'queued',
      progress: 0,
      metadata: {
        input: { modelId: 'model_tripo-v3-1-image-to-3d', image, texture: true, faceLimit: 5000 },
        assetIds: [],
      },
    });
    expect(standIn.ledger()).toMatchObject({ cuCharged: 37.5, cuRefunded: 0, jobs: [{ image, cu: 37.5 }] });
  });

  it('starts nothing for a dry run, whose status is 269, 200, or 402', async () => {
    const standIn = await virtualStandIn();
    const image = await standIn.image();
    const quote = () => standIn.call('POST', `${MODEL_PATH}?dryRun=true`, { image, geometryQuality: 'detailed' });

    const usual = await quote();
    standIn.setOptions({ dryRunStatus: 200 });
    const plain = await quote();
    standIn.setOptions({ dryRunStatus: 402 });
    const guide = await quote();

    expect([usual.status, plain.status, guide.status]).toEqual([269, 200, 402]);
    expect(usual.body).toEqual({
      creativeUnitsCost: 62.5,
      creativeUnitsDiscount: 0,
      costDetails: { 'custom-generation': 62.5 },
      job: {},
    });
    expect(guide.body['estimatedCost']).toBe(62.5);
    expect(standIn.ledger().jobs).toEqual([]);
  });

  it('starts a paid job if dryRun is in the body', async () => {
    const standIn = await virtualStandIn();

    const answer = await standIn.submit({ image: await standIn.image(), dryRun: true });

    expect(answer.status).toBe(200);
    expect(jobIn(answer).metadata.input).not.toHaveProperty('dryRun');
    expect(standIn.ledger().cuCharged).toBe(37.5);
  });

  it('costs as much as the one measured run', async () => {
    const standIn = await virtualStandIn();
    const image = await standIn.image();

    const answer = await standIn.submit({ image, geometryQuality: 'detailed', smartLowPoly: true });

    expect(answer.body['creativeUnitsCost']).toBe(75);
  });

  it.each(
    wordsFirst<[Record<string, unknown>, number]>([
      [{}, 400, '"image" is required'],
      [{ image: 7 }, 400, '"image" must be a string'],
      [{ image: 'asset_other' }, 404, 'Asset asset_other not found'],
      [{ image: 'https://example.com/a.png' }, 400, 'Missing required mimeType parameter for asset kind image'],
      [{ texture: 'yes' }, 400, '"texture" must be a boolean'],
      [{ textureQuality: 'best' }, 400, '"textureQuality" must be one of [standard, detailed, extreme]'],
      [{ seed: '1' }, 400, '"seed" must be a number'],
      [{ prompt: 'a chair' }, 400, '"prompt" is not allowed'],
      [{ generateParts: true }, 400, '"generateParts" is not compatible with "texture", "pbr" or "quad"'],
      [{ faceLimit: 1_500_001 }, 400, '"faceLimit" must be less than or equal to 1500000'],
      [{ faceLimit: 999, smartLowPoly: true }, 400, '"faceLimit" must be greater than or equal to 1000'],
      [{ faceLimit: 150_001, quad: true }, 400, '"faceLimit" must be less than or equal to 150000'],
    ]),
  )('refuses inputs and charges nothing: %s', async (reason, inputs, status) => {
    const standIn = await virtualStandIn();
    const image = await standIn.image();
    const body = Object.keys(inputs).length === 0 ? {} : { image, ...inputs };

    const answer = await standIn.submit(body);

    expect([answer.status, answer.body['reason']]).toEqual([status, reason]);
    expect(answer.body).toHaveProperty('trace_id');
    expect(standIn.ledger().jobs).toEqual([]);
  });

  it('can accept an invalid combination, and fail and refund the job later', async () => {
    const standIn = await virtualStandIn({ validatorRefusesCombinations: false });
    const { jobId } = jobIn(await standIn.submit({ image: await standIn.image(), generateParts: true }));

    standIn.pass(10);

    const job = await standIn.job(jobId);
    expect(job.status).toBe('failure');
    expect(job.metadata.error).toContain('1004');
    expect(standIn.ledger()).toMatchObject({ cuCharged: 62.5, cuRefunded: 62.5 });
  });

  it('accepts an image that Tripo cannot read, and fails later', async () => {
    const standIn = await virtualStandIn();
    const gif = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
      .gif()
      .toBuffer();
    const noise = await sharp({
      create: {
        width: 99,
        height: 99,
        channels: 3,
        background: 'red',
        noise: { type: 'gaussian', sigma: 30 },
      },
    })
      .png()
      .toBuffer();

    for (const [bytes, code] of [
      [gif, '2004'],
      [noise.subarray(0, 4000), '2020'],
    ] as const) {
      const { jobId } = jobIn(await standIn.submit({ image: await standIn.image(bytes) }));
      standIn.pass(10);
      expect((await standIn.job(jobId)).metadata.error).toContain(code);
    }
  });

  it('gives its reasons in any of the three observed formats', async () => {
    const standIn = await virtualStandIn({ errorBodyShape: 'message' });
    const first = await standIn.submit({});
    standIn.setOptions({ errorBodyShape: 'code' });
    const second = await standIn.submit({});

    expect(first.body).toEqual({ message: '"image" is required' });
    expect(second.body).toEqual({
      status: 'error',
      code: 'INVALID_PARAMETER',
      message: '"image" is required',
    });
  });

  it('returns 400 for a body that is not JSON', async () => {
    const standIn = await virtualStandIn();

    expect((await standIn.call('POST', MODEL_PATH, '{"image":')).status).toBe(400);
    expect((await standIn.call('POST', MODEL_PATH, '[]')).status).toBe(400);
  });
});
