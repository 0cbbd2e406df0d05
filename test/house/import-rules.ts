/** Folders that the rules treat as one room. A longer path takes precedence. */
export interface Room {
  readonly room: string;
  /** The rooms and single files that it can import from, in addition to its own files. */
  readonly may: readonly string[];
  /** The rooms that it can import types from. */
  readonly mayTypes?: readonly string[];
  /** What it contains and what it never knows, for readers. */
  readonly holds: string;
  readonly neverKnows: string;
}

const LEAVES = ['functions/platform', 'functions/contract'];
const BELOW_FUNCTIONS = [
  ...['run', 'models', 'images', 'renditions', 'scenario', 'spending'].map((name) => `functions/${name}`),
  ...LEAVES,
];
const FUNCTIONS = ['submit-job', 'check-job', 'store-assets', 'report-failure', 'sweep', 'make-renditions'].map(
  (name) => `functions/${name}`,
);

/** The rooms, from the lowest to the highest, and their allowed imports. ARCHITECTURE.md shows this table. */
export const ROOMS: readonly Room[] = [
  {
    room: 'functions/platform',
    may: [],
    holds: 'AWS, time, environment, logs and metrics, JSON documents in S3',
    neverKnows: 'what a run, a model or Scenario is',
  },
  {
    room: 'functions/contract',
    may: [],
    holds: 'everything that is published: the schemas of events and manifest, the failure codes, the event reader',
    neverKnows: 'how any of it is produced',
  },
  {
    room: 'functions/models',
    may: ['functions/contract'],
    holds: 'the models as data, and the code that resolves parameters',
    neverKnows: 'AWS, runs, and how Scenario is called',
  },
  {
    room: 'functions/images',
    may: ['functions/platform'],
    holds: 'what a file is: the decoder of images, and the words for everything else',
    neverKnows: 'runs, models, and where the file came from',
  },
  {
    room: 'functions/renditions',
    may: ['functions/images', ...LEAVES],
    holds: 'the renditions of a model: smaller files, pictures, a file for phones, and how near they are to it',
    neverKnows: 'AWS, runs, and where the model came from',
  },
  {
    room: 'functions/spending',
    may: ['functions/platform'],
    holds: "the team's limits on spending: the day's ledger and the pause",
    neverKnows: 'records: it takes a run ID, compute units and a time',
  },
  {
    room: 'functions/scenario',
    may: LEAVES,
    holds: 'the client of the Scenario API',
    neverKnows: 'runs, models and S3',
  },
  {
    room: 'functions/run',
    may: ['functions/models', 'functions/spending', ...LEAVES],
    holds: 'the life of a run: its ID, keys, record, lifecycle and conclusion',
    neverKnows: 'the Scenario API, and which function works on the run',
  },
  ...FUNCTIONS.map((room) => ({
    room,
    may: BELOW_FUNCTIONS,
    holds: 'one Lambda function: its composition and its work',
    neverKnows: 'any other function, CDK, and whether it runs in AWS',
  })),
  {
    room: 'infra',
    may: [
      'functions/contract',
      'functions/models',
      'functions/platform/metrics.ts',
      'functions/platform/json.ts',
      '**/errors.ts',
    ],
    mayTypes: FUNCTIONS,
    holds: 'the CDK constructs and settings',
    neverKnows: 'how a function does its work',
  },
  {
    room: 'operator',
    may: BELOW_FUNCTIONS,
    holds: 'the commands for operators: redrive, doctor, secret, pause, and the others',
    neverKnows: 'the CDK constructs, and the local run',
  },
  {
    room: 'package',
    may: ['functions', 'infra', 'operator', 'local'],
    holds: 'what is published as `meshdrop`: its build, its one command line, and the files that differ in it',
    neverKnows: 'tests',
  },
  {
    room: 'local/http',
    may: [],
    holds: 'a server on the loopback interface',
    neverKnows: 'what it serves',
  },
  {
    room: 'local/files',
    may: [],
    holds: 'files that are written whole, and the words for damaged ones',
    neverKnows: 'what is in them',
  },
  {
    room: 'local/aws',
    may: ['functions/platform', 'functions/run', 'local/files', 'local/http', 'infra/cached-folder.ts'],
    mayTypes: ['infra'],
    holds:
      'an AWS that is built from the synthesized template, on an injected clock: S3, SQS, EventBridge, Step Functions, Lambda',
    neverKnows: 'the command line, the page, and how runs are shown',
  },
  {
    room: 'local/scenario',
    may: ['local/files', 'local/http'],
    holds: 'the stand-in for the Scenario API',
    neverKnows: 'the product: it imitates the API according to its documentation only',
  },
  {
    room: 'local/runs',
    may: ['functions/run', 'functions/spending', ...LEAVES, 'local/aws', 'local/http'],
    holds: 'what a person wants to know about a run: its stage, outcome and files',
    neverKnows: 'how this is shown',
  },
  {
    room: 'local/page',
    may: [
      ...['run', 'models', 'spending'].map((name) => `functions/${name}`),
      ...LEAVES,
      'functions/submit-job/judge-image.ts',
      'functions/submit-job/upload-settings.ts',
      'operator',
      'local/aws',
      'local/http',
      'local/runs',
    ],
    holds: 'the web page of the local run: its HTTP interface, and the files that it serves',
    neverKnows: 'the command line',
  },
  {
    room: 'local/page/client',
    may: ['functions/models/combine.ts', 'functions/images/describe-file.ts', 'functions/images/image-type.ts'],
    mayTypes: ['functions/models', 'local/runs', 'local/page'],
    holds: 'the code that runs in the browser',
    neverKnows: 'Node.js, AWS, and anything that the HTTP interface does not say',
  },
  {
    room: 'local/cli',
    may: ['functions', 'local', 'operator'],
    mayTypes: ['infra'],
    holds: '`npm start`: options, progress, exit codes',
    neverKnows: 'tests',
  },
];
