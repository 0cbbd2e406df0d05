import { describe, expect, it } from 'vitest';
import { jobIn, virtualStandIn } from './virtual-stand-in.ts';

type StandIn = Awaited<ReturnType<typeof virtualStandIn>>;
type Options = Parameters<typeof virtualStandIn>[0];

async function withJobs(count: number, options: Options = {}) {
  const standIn = await virtualStandIn({ jobSeconds: 1, ...options });
  const image = await standIn.image();
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    ids.push(jobIn(await standIn.submit({ image })).jobId);
    standIn.pass(10);
  }
  return { standIn, image, ids };
}

async function listed(standIn: StandIn, query = ''): Promise<{ rows: unknown[]; token: unknown }> {
  const { body } = await standIn.call('GET', `/v1/jobs?types=custom&pageSize=2${query}`);
  return { rows: body['jobs'] as unknown[], token: body['nextPaginationToken'] };
}

const idsIn = (rows: readonly unknown[]) => rows.map((row) => (row as { jobId: string }).jobId);

describe('a refused submission that starts a job', () => {
  it.each([400, 402, 403, 404, 422, 429] as const)('gets %i, and its job runs and is charged', async (status) => {
    const faults = [{ on: 'generate', what: 'refused-but-taken', status } as const];
    const standIn = await virtualStandIn({ faults });

    const answer = await standIn.submit({ image: await standIn.image() });

    expect(answer.status).toBe(status);
    expect(answer.body['reason']).toBeDefined();
    expect(standIn.ledger().jobs).toHaveLength(1);
  });

  it('gets the refusal of a gateway if the fault asks for it', async () => {
    const faults = [{ on: 'generate', what: 'refused-but-taken', by: 'gateway', reason: 'Forbidden' } as const];
    const standIn = await virtualStandIn({ faults });

    const answer = await standIn.submit({ image: await standIn.image() });

    expect(answer.body).toEqual({ message: 'Forbidden' });
  });

  it('takes effect later if a gateway repeats it, and the job is unknown until then', async () => {
    const faults = [{ on: 'generate', what: 'refused-but-taken', lateSeconds: 85 } as const];
    const standIn = await virtualStandIn({ faults });
    await standIn.submit({ image: await standIn.image() });

    standIn.pass(84);
    expect(standIn.ledger().jobs).toHaveLength(0);
    expect((await listed(standIn)).rows).toHaveLength(0);

    standIn.pass(1);
    expect(standIn.ledger().jobs).toHaveLength(1);
    expect((await listed(standIn)).rows).toHaveLength(1);
  });
});

describe('the job list', () => {
  it('is newest first, and continues at its token', async () => {
    const { standIn, ids } = await withJobs(3);

    const first = await listed(standIn);
    const second = await listed(standIn, `&paginationToken=${String(first.token)}`);

    expect(idsIn([...first.rows, ...second.rows])).toEqual(ids.toReversed());
    expect(second.token).toBeUndefined();
  });

  it('can be oldest first or without order, and its pages still have each job once', async () => {
    for (const order of ['oldest', 'mixed'] as const) {
      const { standIn, ids } = await withJobs(3, { list: { order } });
      const first = await listed(standIn);
      const second = await listed(standIn, `&paginationToken=${String(first.token)}`);
      expect(idsIn([...first.rows, ...second.rows]).toSorted()).toEqual(ids.toSorted());
    }
  });

  it('can keep its oldest job at the top', async () => {
    const { standIn, ids } = await withJobs(3, { list: { pinsOldest: true } });

    expect(idsIn((await listed(standIn)).rows)).toEqual([ids[0], ids[2]]);
  });

  it('can contain null, an unreadable row, or each row twice', async () => {
    const rowsWith = async (rows: 'null' | 'unreadable' | 'twice') =>
      (await listed((await withJobs(1, { list: { rows } })).standIn)).rows;

    expect((await rowsWith('null'))[0]).toBeNull();
    expect((await rowsWith('unreadable'))[0]).toMatchObject({ jobId: 42 });
    expect(new Set(idsIn(await rowsWith('twice'))).size).toBe(1);
  });

  it('can always return the first page', async () => {
    const { standIn } = await withJobs(1, { list: { repeatsToken: true } });

    const first = await listed(standIn);
    const again = await listed(standIn, `&paginationToken=${String(first.token)}`);

    expect(first.token).toBeDefined();
    expect(again.token).toBe(first.token);
    expect(idsIn(again.rows)).toEqual(idsIn(first.rows));
  });
});

describe('an echo of the inputs', () => {
  async function rootSaidBy(options: Options) {
    const { standIn, image, ids } = await withJobs(1, options);
    const copy = (await standIn.job(ids[0] ?? '')).metadata.input?.['image'] as string;
    const { body, status } = await standIn.call('GET', `/v1/assets/${copy}`);
    const asset = body['asset'] as { metadata: { rootParentId: string } } | undefined;
    return { image, copy, status, root: asset?.metadata.rootParentId };
  }

  it('can name a processed copy, which names its original', async () => {
    const { image, copy, root } = await rootSaidBy({ echo: 'copy' });

    expect(copy).not.toBe(image);
    expect(root).toBe(image);
  });

  it('can name an unknown copy, or a copy of another image', async () => {
    expect((await rootSaidBy({ echo: 'unknown-copy' })).status).toBe(404);
    const { image, root } = await rootSaidBy({ echo: 'copy-of-another' });
    expect(root).not.toBe(image);
  });
});

it('a job can cost more than its dry run states', async () => {
  const { standIn, image } = await withJobs(1, { chargeFactor: 2 });

  const { body } = await standIn.call('POST', '/v1/generate/custom/model_tripo-v3-1-image-to-3d?dryRun=true', {
    image,
  });

  expect(standIn.ledger().cuCharged).toBe(2 * (body['creativeUnitsCost'] as number));
});

it('times can have no zone', async () => {
  const { standIn, ids } = await withJobs(1, { timesWithoutZone: true });

  expect((await standIn.job(ids[0] ?? '')).createdAt).toMatch(/^[\d-]+T[\d:.]+$/);
});

it('a new image can be unknown for some time', async () => {
  const standIn = await virtualStandIn({ inputVisibleAfterSeconds: 5 });
  const image = await standIn.image();

  expect((await standIn.submit({ image })).status).toBe(404);
  standIn.pass(5);
  expect((await standIn.submit({ image })).status).toBe(200);
});
