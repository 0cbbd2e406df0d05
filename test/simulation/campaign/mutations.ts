/** One way to break the protocol: a text that occurs exactly once in a file, and its replacement. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Edits of `file`, or of the file that the edit names. */
  readonly edits: readonly (readonly [from: string, to: string, file?: string])[];
}

export const mutations: readonly Mutation[] = [
  {
    name: 'the claim has no condition',
    file: 'functions/platform/json-store.ts',
    edits: [["{ IfNoneMatch: '*' }", '{}']],
  },
  {
    name: 'a change of the record has no condition',
    file: 'functions/platform/json-store.ts',
    edits: [['{ IfMatch: replacing }', '{}']],
  },
  {
    name: "another invocation's write counts as this one's",
    file: 'functions/run/record.ts',
    edits: [['now?.record.writtenBy === record.writtenBy ? now : undefined', 'now']],
  },
  {
    name: 'the paid call is repeated if its answer is lost',
    file: 'functions/scenario/http.ts',
    edits: [
      [
        'await send(call, PAID_TIMEOUT_MS, connection);',
        'await send(call, PAID_TIMEOUT_MS, connection).catch(() => send(call, PAID_TIMEOUT_MS, connection));',
      ],
    ],
  },
  {
    name: 'an uncertain send counts as never sent',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        "    return telemetry.log.warn('it is unknown whether the job was taken', { why: taken.error.message });\n",
        '    return void (await recordOutcome(won, { noJob: true }, submission));\n',
      ],
    ],
  },
  {
    name: 'a send counts as absent before the time limit',
    file: 'functions/submit-job/settle-sends.ts',
    edits: [['  const leftMs = boundMs - ageMs;', '  const leftMs = 0 * (boundMs - ageMs);']],
  },
  {
    name: 'one read of the job list proves that a send started no job',
    file: 'functions/submit-job/settle-sends.ts',
    edits: [['const LOOKS = { usual: 2, ifEmpty: 4 };', 'const LOOKS = { usual: 1, ifEmpty: 1 };']],
  },
  {
    name: 'a lost request gets no time to take effect',
    file: 'functions/submit-job/bounds.ts',
    edits: [
      ['const SENDER_LIFETIME_MS = 300_000;', 'const SENDER_LIFETIME_MS = 0;'],
      ['const LATE_EFFECT_MS = 90_000;', 'const LATE_EFFECT_MS = 0;'],
      ['const LIST_LAG_MS = 60_000;', 'const LIST_LAG_MS = 0;'],
    ],
  },
  {
    name: 'a refusal proves that the send started no job',
    file: 'functions/submit-job/pay-once.ts',
    edits: [['return { error, outcome: { refusal } };', 'return { error, outcome: { refusal, noJob: true } };']],
  },
  {
    name: 'the job list is read immediately after a refusal',
    file: 'functions/submit-job/bounds.ts',
    edits: [
      [
        '  return open.every(({ refusal }) => refusal?.own) ? LIST_LAG_MS : LIST_LAG_MS + LATE_EFFECT_MS;',
        '  return 0;',
      ],
    ],
  },
  {
    name: "a gateway's refusal is settled like one of Scenario",
    file: 'functions/submit-job/bounds.ts',
    edits: [
      [
        '  return open.every(({ refusal }) => refusal?.own) ? LIST_LAG_MS : LIST_LAG_MS + LATE_EFFECT_MS;',
        '  return LIST_LAG_MS;',
      ],
    ],
  },
  {
    name: 'a refused input is rejected without a read of the job list',
    file: 'functions/run/lifecycle.ts',
    edits: [
      [
        "      if (hasOpenSend(run)) return 'reconcile';\n      if (isInputRefused(run)) return 'reject';\n",
        "      if (isInputRefused(run)) return 'reject';\n      if (hasOpenSend(run)) return 'reconcile';\n",
      ],
      ['    if (!hasJob && standing && hasOpenSend(standing.record)) break;\n', '', 'functions/run/conclude.ts'],
    ],
  },
  {
    name: 'a run is sent again without a read of the job list',
    file: 'functions/run/lifecycle.ts',
    edits: [["      if (hasOpenSend(run)) return 'reconcile';\n", '']],
  },
  {
    name: 'an old row at the top ends the list',
    file: 'functions/submit-job/look.ts',
    edits: [
      [
        "    for (const row of page) rows.set(typeof row === 'string' ? row : row.jobId, row);\n",
        "    for (const row of page) {\n      if (typeof row !== 'string' && Date.parse(row.createdAt ?? '') < from) break;\n      rows.set(typeof row === 'string' ? row : row.jobId, row);\n    }\n",
      ],
    ],
  },
  {
    name: 'a job without its input counts as another job',
    file: 'functions/submit-job/look.ts',
    edits: [
      ["  if (!job.input) return 'unclear';\n", "  if (!job.input) return 'not-ours';\n"],
      ['const job = row.input ? row : await askForJob(row, scenario);', 'const job = row;'],
    ],
  },
  {
    name: 'the copy in an echo is not looked up',
    file: 'functions/submit-job/look.ts',
    edits: [["    if (!roots) return 'unclear';\n", "    if (!roots || roots) return 'not-ours';\n"]],
  },
  {
    name: 'only the first page of the job list is read',
    file: 'functions/scenario/client.ts',
    edits: [
      ['const LIST_PAGE = 200;', 'const LIST_PAGE = 1;'],
      ['} while (!tokens.has(token));', '} while (token === null);'],
    ],
  },
  {
    name: 'a run in the phase sending is failed',
    file: 'functions/run/lifecycle.ts',
    edits: [
      ["sending: ['claimed', 'submitted'],", "sending: ['claimed', 'submitted', 'failed'],"],
      ["    case 'sending':\n      return 'reconcile';", "    case 'sending':\n      return 'give-up';"],
    ],
  },
  {
    name: 'the execution starts before the record is submitted',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        '  telemetry.log.appendKeys({ jobId });\n',
        "  telemetry.log.appendKeys({ jobId });\n  const { startGeneration } = await import('./start-generation.ts');\n  const { DEFAULT_MODEL } = await import('../models/registry.ts');\n  await startGeneration({ ...record, jobId, submittedAt: sentAt } as never, DEFAULT_MODEL, arguments[2]);\n",
      ],
    ],
  },
  {
    name: 'an existing manifest is never replaced',
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
    name: 'a stored run can become failed',
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
    name: 'each event gets a new ID',
    file: 'functions/run/event.ts',
    edits: [
      ['.update(`${record.runId}\\n${detailType}`)', '.update(`${record.runId}\\n${detailType}${Math.random()}`)'],
    ],
  },
  {
    name: 'refused entries of the bus are ignored',
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
    name: 'a message that needs a retry is deleted',
    file: 'functions/platform/queue-batch.ts',
    edits: [['      batchItemFailures.push({ itemIdentifier: message.messageId });\n', '']],
  },
  {
    name: 'the phase sending in the record is ignored',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        'const adopted = await settleSends(unsettled, { ...submission, model });',
        'const adopted = undefined as any;\n  void settleSends;\n  void model;',
      ],
    ],
  },
  {
    name: 'a proof is not written',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        "  await submission.runs.records.replace({ record, etag }, { ...record, sends, phase: 'claimed' });\n",
        '  void etag;\n  void sends;\n',
      ],
    ],
  },
  {
    name: 'the claim of the picture is not renewed before the send',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        'const isOurs = !claim || (await renewClaim(claim, runId, send, submission.runs.documents));',
        'const isOurs = true;\n  void [claim, runId, renewClaim];',
      ],
    ],
  },
  {
    name: 'a picture is taken over from a run that has a job',
    file: 'functions/submit-job/take-turn.ts',
    edits: [
      [
        "    case 'submitted':\n      throw waitFor(owner.runId, record, submission);\n",
        "    case 'submitted':\n      return { claim };\n",
      ],
    ],
  },
  {
    name: 'a picture is taken over at once, without a look for the job of its owner',
    file: 'functions/submit-job/take-turn.ts',
    edits: [
      ['const STALE_MS = 24 * 3_600_000;', 'const STALE_MS = 0;'],
      [
        "  if (standing && (standing.record.phase === 'sending' || hasOpenSend(standing.record))) {",
        '  if (standing && hasOpenSend({ sends: [] })) {',
      ],
      ['  if (owner?.send && !isListed) {', '  if (owner?.send && !isListed && STALE_MS > 0) {'],
    ],
  },
  {
    name: 'a picture is bought again after a failure that cost money',
    file: 'functions/submit-job/take-turn.ts',
    edits: [
      [
        'return failed.jobId !== undefined && chargeOf(failed) !== 0 ?',
        'return failed.jobId === undefined && chargeOf(failed) === 1 ?',
      ],
    ],
  },
  {
    name: 'the quote is not reserved',
    file: 'functions/submit-job/pay-once.ts',
    edits: [['    await spendGuard.reserve({ ...send, at }, quoted.quote);\n', '']],
  },
  {
    name: 'a refused send gives back its reservation',
    file: 'functions/submit-job/pay-once.ts',
    edits: [
      [
        '  if (outcome.noJob) await spendGuard.credit(record.sends.slice(-1));',
        '  await spendGuard.credit(record.sends.slice(-1));',
      ],
    ],
  },
  {
    name: 'the gate is ignored',
    file: 'functions/submit-job/perform-step.ts',
    edits: [['visit.passed ??= await submission.gate.pass();', "visit.passed ??= 'free';"]],
  },
  {
    name: 'a busy answer uses up the retries of the machine',
    file: 'infra/generation-machine.ts',
    edits: [['maxAttempts: WITHOUT_END }', 'maxAttempts: 3 }']],
  },
];
