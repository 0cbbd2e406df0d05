/** One way to break the protocol: a text that stands once in a file, and what it becomes. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Of that file, or of another one. */
  readonly edits: readonly (readonly [from: string, to: string, file?: string])[];
}

export const mutations: readonly Mutation[] = [
  {
    name: 'the claim is made without a condition',
    file: 'functions/platform/json-store.ts',
    edits: [["{ IfNoneMatch: '*' }", '{}']],
  },
  {
    name: 'the record is changed without a condition',
    file: 'functions/platform/json-store.ts',
    edits: [['{ IfMatch: replacing }', '{}']],
  },
  {
    name: 'a lost write is taken for our own',
    file: 'functions/run/record.ts',
    edits: [['standing?.record.writtenBy === record.writtenBy ? standing : undefined', 'standing']],
  },
  {
    name: 'the paid call is repeated when its answer is lost',
    file: 'functions/scenario/http.ts',
    edits: [
      [
        '    throw new SubmissionUncertainError(unanswered(call, error));\n  }\n',
        '    answer = await send(call, PAID_TIMEOUT_MS, tools);\n  }\n',
      ],
    ],
  },
  {
    name: 'a 5xx, 408 or 409 counts as a refusal',
    file: 'functions/scenario/http.ts',
    edits: [
      ['return status >= 400 && status < 500 && status !== 408 && status !== 409;', 'return status >= 400;'],
    ],
  },
  {
    name: 'an uncertain send counts as a refusal',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        "      tools.log.warn('uncertain whether the job was taken', { why: error.message });\n      return true;",
        '      await withoutJob(sending, tools);\n      return true;',
      ],
    ],
  },
  {
    name: 'it is sent again before the bound',
    file: 'functions/submit-job/reconcile.ts',
    edits: [['const isSettled = tools.now() >= settledAt;', 'const isSettled = true;']],
  },
  {
    name: 'a lost request is given a minute to take effect',
    file: 'functions/submit-job/reconcile.ts',
    edits: [
      ['const SENDER_LIFETIME_MS = 300_000;', 'const SENDER_LIFETIME_MS = 0;'],
      ['const LATE_EFFECT_MS = 90_000;', 'const LATE_EFFECT_MS = 0;'],
      ['const LIST_LAG_MS = 60_000;', 'const LIST_LAG_MS = 0;'],
    ],
  },
  {
    name: 'an unreadable row of the list counts as none of ours',
    file: 'functions/submit-job/reconcile.ts',
    edits: [
      ['else isUnclear ||= mayBeOurs(input);', ''],
      ['if (row.input) return row;', 'return row;'],
    ],
  },
  {
    name: 'only the first page of the list is read',
    file: 'functions/scenario/client.ts',
    edits: [
      ['const LIST_PAGE = 200;', 'const LIST_PAGE = 1;'],
      ['} while (token !== undefined);', '} while (token === null);'],
    ],
  },
  {
    name: 'a run that stands in sending is failed',
    file: 'functions/run/conclude.ts',
    edits: [
      ["['none', 'claimed'];\n}", "['none', 'claimed', 'sending'];\n}"],
      [
        'return await settle({ record, etag }, ageMs, tools);',
        'return await end(run, givenUp(String(ageMs)), tools);',
        'functions/submit-job/submit-job.ts',
      ],
    ],
  },
  {
    name: 'the execution starts before the record says submitted',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        '  tools.log.appendKeys({ jobId });\n',
        '  tools.log.appendKeys({ jobId });\n  await (tools as never as { startGeneration(record: object): Promise<void> }).startGeneration({ ...sending.record, jobId, submittedAt: sentAt });\n',
      ],
    ],
  },
  {
    name: 'a manifest that stands is left as it is',
    file: 'functions/run/conclude.ts',
    edits: [
      [
        'const isProjected = JSON.stringify(standing?.value) === JSON.stringify(manifest);',
        'const isProjected = standing !== undefined;',
      ],
    ],
  },
  {
    name: 'the event is sent before the manifest',
    file: 'functions/run/conclude.ts',
    edits: [
      [
        '  const kept = await projected(runId, tools);\n',
        '  const early = (await tools.records.read(runId))?.record;\n  if (early && isFinal(early)) await tools.announce(eventOf(early, { bucket: tools.assetBucket, key: manifestKey(early.upload.key, runId) }));\n  const kept = await projected(runId, tools);\n',
      ],
    ],
  },
  {
    name: 'the event is sent before the record',
    file: 'functions/run/conclude.ts',
    edits: [
      [
        '    const written = await tools.records.write(ended, kept);\n',
        "    await tools.announce(eventOf({ ...ended, writtenBy: '' } as FinalRecord, { bucket: tools.assetBucket, key: manifestKey(ended.upload.key, run.runId) }));\n    const written = await tools.records.write(ended, kept);\n",
      ],
    ],
  },
  {
    name: 'a run that is stored can be failed',
    file: 'functions/run/conclude.ts',
    edits: [["'jobId' in run ? ['submitted'] :", "'jobId' in run ? ['submitted', 'stored'] :"]],
  },
  {
    name: 'every event has an id of its own',
    file: 'functions/run/event.ts',
    edits: [
      [
        '.update(`${record.runId}\\n${detailType}`)',
        '.update(`${record.runId}\\n${detailType}${Math.random()}`)',
      ],
    ],
  },
  {
    name: 'entries that the bus refuses are not noticed',
    file: 'functions/run/announce.ts',
    edits: [['if (!FailedEntryCount) return;', 'if (FailedEntryCount !== -1) return;']],
  },
  {
    name: 'files are announced before they are stored',
    file: 'functions/store-assets/store-file.ts',
    edits: [
      [
        'const { VersionId: versionId, ChecksumCRC32: crc32 } = await upload.done();',
        "void upload.done().catch(() => undefined);\n  const [versionId, crc32] = ['later', undefined];",
      ],
    ],
  },
  {
    name: 'a message that has to come back is deleted',
    file: 'functions/submit-job/consume-queue.ts',
    edits: [['      batchItemFailures.push({ itemIdentifier: messageId });\n', '']],
  },
  {
    name: 'the record is not believed when it says sending',
    file: 'functions/submit-job/submit-job.ts',
    edits: [
      [
        "    case 'sending':\n      return await settle({ record, etag }, ageMs, tools);\n    case 'claimed':\n",
        "    case 'sending':\n      return await prepare(run, announced, { record: { ...record, phase: 'claimed' }, etag }, tools);\n    case 'claimed':\n",
      ],
    ],
  },
];
