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
    edits: [['now?.record.writtenBy === record.writtenBy ? now : undefined', 'now']],
  },
  {
    name: 'the paid call is repeated when its answer is lost',
    file: 'functions/scenario/http.ts',
    edits: [
      [
        'await send(call, PAID_TIMEOUT_MS, connection);',
        'await send(call, PAID_TIMEOUT_MS, connection).catch(() => send(call, PAID_TIMEOUT_MS, connection));',
      ],
    ],
  },
  {
    name: 'a 5xx, 408 or 409 counts as a refusal',
    file: 'functions/scenario/http.ts',
    edits: [['return status >= 400 && status < 500 && status !== 408 && status !== 409;', 'return status >= 400;']],
  },
  {
    name: 'an uncertain send counts as a refusal',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        "      return telemetry.log.warn('uncertain whether the job was taken', { why: error.message });\n",
        '      return await releaseClaim(won, submission);\n',
      ],
    ],
  },
  {
    name: 'it is sent again before the bound',
    file: 'functions/submit-job/reconcile.ts',
    edits: [['const isSettled = clock.now() >= settledAt;', 'const isSettled = true;']],
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
      ['else isUnclear ||= mayBeOurs(input, model);', ''],
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
    file: 'functions/run/lifecycle.ts',
    edits: [
      ["sending: ['sending', 'claimed', 'submitted'],", "sending: ['sending', 'claimed', 'submitted', 'failed'],"],
      ["return 'reconcile';", "return 'give-up';"],
    ],
  },
  {
    name: 'the execution starts before the record says submitted',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        '  telemetry.log.appendKeys({ jobId });\n',
        "  telemetry.log.appendKeys({ jobId });\n  const { startGeneration } = await import('./start-generation.ts');\n  const { DEFAULT_MODEL } = await import('../models/registry.ts');\n  await startGeneration({ ...sending.record, jobId, submittedAt: sentAt } as never, DEFAULT_MODEL, arguments[2]);\n",
      ],
    ],
  },
  {
    name: 'a manifest that stands is left as it is',
    file: 'functions/run/conclude.ts',
    edits: [['const isCurrent = isSameEnd(standing?.value, manifest);', 'const isCurrent = standing !== undefined;']],
  },
  {
    name: 'the event is sent before the manifest',
    file: 'functions/run/conclude.ts',
    edits: [
      [
        '  const standing = await writeManifest(runId, runs);\n',
        '  const early = (await runs.records.read(runId))?.record;\n  if (early && isFinal(early)) await runs.announce(toEvent(early, { bucket: runs.assetBucket, key: manifestKey(early.upload.key, runId) }));\n  const standing = await writeManifest(runId, runs);\n',
      ],
    ],
  },
  {
    name: 'the event is sent before the record',
    file: 'functions/run/conclude.ts',
    edits: [
      [
        '    const written = await runs.records.end(standing, toFinalRecord(known, outcome, runs.clock.now()));\n',
        "    const ended = toFinalRecord(known, outcome, runs.clock.now());\n    await runs.announce(toEvent({ ...ended, writtenBy: '' } as FinalRecord, { bucket: runs.assetBucket, key: manifestKey(ended.upload.key, run.runId) }));\n    const written = await runs.records.end(standing, ended);\n",
      ],
    ],
  },
  {
    name: 'a run that is stored can be failed',
    file: 'functions/run/lifecycle.ts',
    edits: [
      ["  stored: ['stored'],\n", "  stored: ['stored', 'failed'],\n"],
      [
        "const isPaid = from === 'submitted' || from === 'failed';",
        "const isPaid = from !== 'claimed' && from !== 'none';",
      ],
    ],
  },
  {
    name: 'every event has an id of its own',
    file: 'functions/run/event.ts',
    edits: [
      ['.update(`${record.runId}\\n${detailType}`)', '.update(`${record.runId}\\n${detailType}${Math.random()}`)'],
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
    file: 'functions/platform/queue-batch.ts',
    edits: [['      batchItemFailures.push({ itemIdentifier: message.messageId });\n', '']],
  },
  {
    name: 'the record is not believed when it says sending',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      ['const adopted = await findSentJob(sending.record, ageMs, submission);', 'const adopted = undefined as any;'],
    ],
  },
];
