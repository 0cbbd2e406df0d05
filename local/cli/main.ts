import { mkdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { dirname, join, relative, resolve } from 'node:path';
import { assembly, SynthError } from '../aws/assembly.ts';
import { type Command, help, readCommand } from './command-line.ts';
import { confirmCost, dailyLimit, limitOf } from './cost.ts';
import { lockDataFolder } from './data-folder.ts';
import { exportedFile } from '../runs/export.ts';
import { writeWhole } from '../files/whole-files.ts';
import { type ImageResult, type ImageRun, type Renditions, resultOf, startImage } from './image-runs.ts';
import { type NamedImage, namedImages } from './images.ts';
import { type LocalMeshdrop, openLocalMeshdrop } from '../runs/local-meshdrop.ts';
import { isIgnoredBy } from '../runs/ignored-uploads.ts';
import { openPort } from './open-port.ts';
import { createPage } from '../page/page.ts';
import { renditionVariable, withoutRenditions } from '../runs/renditions.ts';
import type { RunView } from '../runs/runs.ts';
import { startStandIn } from '../scenario/server.ts';
import { folderOf, type Service, serviceIn } from '../../operator/service.ts';
import { DataFolderError } from '../files/data-folder-error.ts';
import { describeTrouble } from './trouble.ts';
import { readTemplate, type Template } from '../aws/template.ts';
import { isFinished, resultTable, showProgress, tellRuns, whileTelling } from './terminal.ts';
import { UsageError } from '../../operator/usage-error.ts';
import { version } from './version.ts';
import { manifestKey } from '../../functions/run/keys.ts';

/** Everything that runs, and how to stop it. */
interface Running {
  readonly meshdrop: LocalMeshdrop;
  readonly endpoint: string;
  readonly page: string;
  readonly standIn: boolean;
  /** With real keys, guards everything that can cost money. */
  readonly token: string | undefined;
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // Whatever hangs, the second signal ends it. Nothing is lost.
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  stopWithParent(stop);
  try {
    const command = readCommand(args);
    if (command === 'help') return print(help);
    if (command === 'version') return print(`${version}\n`);
    return await run(command, stop.signal);
  } catch (error) {
    if (error instanceof SynthError) return fail(error.message, 1);
    if (error instanceof UsageError || error instanceof DataFolderError) return fail(error.message, 2);
    const trouble = describeTrouble(error);
    if (trouble === undefined) throw error;
    return fail(trouble, 2);
  }
}

function fail(message: string, code: number): number {
  process.stderr.write(`meshdrop: ${message}\n`);
  return code;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

const PARENT_MS = 1_000;

/** `kill` of `npm start` reaches npm alone. This process, which may hold real keys, must not outlive it. */
function stopWithParent(stop: AbortController): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop.abort();
  }, PARENT_MS).unref();
}

/** Checks the command for errors, starts Meshdrop, does what the command asks for, and stops Meshdrop. */
async function run(command: Command, stop: AbortSignal): Promise<number> {
  const service = serviceIn(process.env, command.standIn);
  if (!service.standIn && command.jobSeconds !== undefined) {
    throw new UsageError(
      '--job-seconds needs the stand-in, but the keys in the environment select the real Scenario: add --stand-in',
    );
  }
  const images = await namedImages(command.images, process.cwd());
  const asked = { input: process.stdin, output: process.stderr };
  if (!service.standIn && images.length > 0 && !(await confirmCost(command, asked))) {
    process.stderr.write('meshdrop: nothing was started\n');
    return 1;
  }
  const endings: (() => void | Promise<void>)[] = [];
  try {
    const running = await start(command, service, images, endings);
    if (stop.aborted) return images.length === 0 ? 0 : 130;
    announceUnfinished(running);
    running.meshdrop.begin();
    if (images.length === 0) return await serve(running, resolve(command.out), stop);
    return await makeModels(images, command, running, stop);
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

const STAND_IN_SPEED = 10;

async function start(
  command: Command,
  service: Service,
  images: readonly NamedImage[],
  endings: (() => void | Promise<void>)[],
): Promise<Running> {
  const data = resolve(command.data);
  endings.push(await lockDataFolder(data, service.standIn));
  const token = service.standIn ? undefined : randomUUID();
  const server = await openPort(command.port, '--port');
  endings.push(() => server.close());
  const pageServer = await openPort(command.pagePort, '--page-port');
  endings.push(() => pageServer.close());
  await mkdir(resolve(command.out), { recursive: true }).catch((cause: unknown) => {
    throw new UsageError(`cannot write models to ${command.out}; name another folder with --out`, {
      cause,
    });
  });
  announceService(service, command);

  const speed = command.speed ?? (service.standIn ? STAND_IN_SPEED : 1);
  const whole = await readTemplate(await whileTelling('synthesizing the stack', assembly()));
  const { renditions } = command;
  const template = renditions?.length === 0 ? withoutRenditions(whole) : whole;
  refuseIgnored(images, template);
  const world = join(data, folderOf(service));
  const scenario = await scenarioOf(service, command, world, speed, endings);
  const variables: Record<string, string> = {
    SCENARIO_URL: scenario.url,
    ...(renditions && renditionVariable(template, renditions)),
  };
  const meshdrop = await openLocalMeshdrop({
    template,
    data,
    world,
    out: resolve(command.out),
    server,
    scenario,
    standIn: service.standIn,
    token,
    variables,
    speed,
  });
  endings.push(() => meshdrop.close());
  variables['MAX_CU_PER_DAY'] = String(await dailyLimit(limitOf(command, service.standIn), template, meshdrop));
  const scenarioOrigin = new URL(scenario.url).origin;
  const page = createPage({
    meshdrop,
    template,
    standIn: service.standIn,
    endpoint: server.origin,
    scenario: scenarioOrigin,
    token,
    maxCuPerDay: () => Number(variables['MAX_CU_PER_DAY']),
  });
  pageServer.serve(page, token === undefined ? undefined : [token]);

  const addresses = { endpoint: server.origin, page: pageServer.origin };
  const local = { pid: process.pid, ...addresses, scenario: scenarioOrigin, standIn: service.standIn, token };
  // In the format of `cdk deploy --outputs-file`. Written first, so that a program that finds `local.json` finds both
  // files.
  await tell(join(data, 'outputs.json'), { Meshdrop: template.outputs }, endings);
  await tell(join(data, 'local.json'), local, endings);
  const withToken = token === undefined ? addresses.page : `${addresses.page}/#token=${token}`;
  return { meshdrop, ...addresses, page: withToken, standIn: service.standIn, token };
}

/** Writes a file for other programs and removes it when Meshdrop stops. */
async function tell(file: string, content: object, endings: (() => void | Promise<void>)[]): Promise<void> {
  await writeWhole(file, JSON.stringify(content), 0o600);
  endings.push(() => rm(file, { force: true }));
}

/** Refuses images that SubmitJob ignores, because their runs would never end. */
function refuseIgnored(images: readonly NamedImage[], template: Template): void {
  const isIgnoredHere = isIgnoredBy(template);
  const ignored = images.find(({ key }) => isIgnoredHere(key));
  if (ignored)
    throw new UsageError(
      `Meshdrop ignores ${ignored.typed} because of its name or folder (${ignored.key}): rename it, or change ignorePrefixes or ignoreNames in cdk.json`,
    );
}

function announceService(service: Service, { maxCu }: Command): void {
  const limit = maxCu === undefined ? 'there is no daily limit' : `at most ${maxCu} of its compute units can be spent`;
  process.stderr.write(
    service.standIn
      ? `meshdrop: using the stand-in of Scenario on this machine; nothing costs money, and ${limit}\n`
      : `meshdrop: found keys in the environment: using the real Scenario at ${new URL(service.url).host}; EACH IMAGE COSTS MONEY (use --stand-in to avoid this)\n`,
  );
}

/** Announces the unfinished uploads of earlier starts, which continue without a command and can cost money. */
function announceUnfinished({ meshdrop: { unfinished }, standIn }: Running): void {
  if (unfinished === 0) return;
  const cost = standIn ? '' : '; EACH UPLOAD THAT IS NOT PAID YET COSTS MONEY';
  process.stderr.write(
    `meshdrop: continuing ${unfinished} unfinished ${unfinished === 1 ? 'upload' : 'uploads'} of an earlier start${cost}\n`,
  );
}

async function scenarioOf(
  service: Service,
  { jobSeconds }: Command,
  world: string,
  speed: number,
  endings: (() => void | Promise<void>)[],
) {
  if (!service.standIn) return service;
  const credentials = { apiKey: 'stand-in', apiSecret: 'stand-in' };
  const options = { windowSeconds: 60 / speed, ...(jobSeconds !== undefined && { jobSeconds }) };
  const standIn = await startStandIn({ folder: join(world, 'scenario'), ...credentials, options });
  endings.push(() => standIn.close());
  return { url: standIn.url, ...credentials };
}

async function serve(running: Running, out: string, stop: AbortSignal): Promise<number> {
  const { meshdrop, endpoint, page, standIn, token } = running;
  const s3 = `--endpoint-url ${endpoint}${token === undefined ? ' --no-sign-request' : ''} --region us-east-1`;
  const keys = token === undefined ? '' : `AWS_ACCESS_KEY_ID=${token} AWS_SECRET_ACCESS_KEY=any `;
  print(`Meshdrop is ready${standIn ? '' : ', and each image costs money'}.

  page          ${page}
  AWS endpoint  ${endpoint}

Drop an image on the page, or:

  ${keys}aws s3 cp examples/oak-chair.png s3://${meshdrop.uploadBucket}/chairs/oak.png ${s3}
  ${keys}aws s3 ls --recursive s3://${meshdrop.assetBucket}/models/ ${s3}

To stop, press Ctrl-C. To continue where Meshdrop stopped, run the same command again.

`);
  const folderOfRun = ({ key, runId }: RunView) => fromHere(dirname(exportedFile(out, manifestKey(key, runId))));
  tellRuns(meshdrop.runs, folderOfRun, process.stdout);
  await aborted(stop);
  return 0;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Each opens two files, and a process can open only so many. */
const IMAGES_AT_ONCE = 16;

/** Uploads the images and waits until their runs end. */
async function makeModels(
  images: readonly NamedImage[],
  command: Command,
  running: Running,
  stop: AbortSignal,
): Promise<number> {
  const { meshdrop } = running;
  const out = resolve(command.out);
  process.stderr.write(`meshdrop: page ${running.page}, AWS endpoint ${running.endpoint}\n`);
  const imageRuns: ImageRun[] = [];
  for (let at = 0; at < images.length && !stop.aborted; at += IMAGES_AT_ONCE) {
    const some = images.slice(at, at + IMAGES_AT_ONCE);
    imageRuns.push(...(await Promise.all(some.map((image) => startImage(image, command.metadata, meshdrop)))));
  }
  const progress = showProgress(imageRuns, meshdrop.runs, command.json ? process.stderr : process.stdout);
  const results = Promise.all(
    imageRuns.map(async (imageRun) => {
      const result = await resultOf(imageRun, meshdrop, out);
      if (command.json) print(`${JSON.stringify(jsonLine(result, running.standIn))}\n`);
      return result;
    }),
  );
  const ended = await Promise.race([results, aborted(stop)]);
  progress.stop();
  if (ended === undefined) {
    const left = imageRuns.filter(({ runId }) => !isFinished(meshdrop.runs.get(runId))).map(({ image }) => image.typed);
    process.stderr.write(
      `meshdrop: stopped before ${left.join(', ')} ended; to continue, run the command again, with or without the images\n`,
    );
    return 130;
  }
  if (!command.json)
    print(
      `\n${resultTable(ended.map(rowOf), process.stdout.columns ?? 120)}\n${totalOf(ended)}${ended.some(({ model }) => model !== null) ? HOW_TO_LOOK : ''}`,
    );
  return ended.every(({ status }) => status === 'stored') ? 0 : 1;
}

/** Nothing for one image, because the table says it already. */
function totalOf(results: readonly ImageResult[]): string {
  if (results.length < 2) return '';
  const models = results.filter(({ status }) => status === 'stored').length;
  const charged = results.reduce((sum, { cu }) => sum + (cu ?? 0), 0);
  return `\n${models} of ${results.length} images became models, for ${charged} compute units\n`;
}

const HOW_TO_LOOK = `
To look at a model, run npm start, and open the page. Or open its GLB file in Blender.
`;

function rowOf(result: ImageResult) {
  const { status, model, preview, renditions, reason, code } = result;
  const others = [preview, ...pathsOf(renditions)].filter((file) => file !== null);
  const where = model === null ? [`${status}: ${reason ?? code}`] : [model, ...others].map(fromHere);
  return { ...result, where };
}

/** Lists the fields one by one to fix their order, because both programs and people read the line. */
function jsonLine(result: ImageResult, standIn: boolean) {
  const { image, status, runId, model, manifest, code, reason, seconds, cu, reusedFrom } = result;
  const renditions = result.renditions && renditionsFromHere(result.renditions);
  return {
    image,
    status,
    runId,
    model: model === null ? null : fromHere(model),
    manifest: fromHere(manifest),
    code,
    reason,
    seconds,
    cu,
    reusedFrom,
    renditions,
    standIn,
  };
}

function pathsOf(renditions: Renditions | null): readonly (string | null)[] {
  return Object.values<string | null>({ ...renditions });
}

function renditionsFromHere(renditions: Renditions) {
  const files = Object.entries<string | null>({ ...renditions });
  return Object.fromEntries(files.map(([role, file]) => [role, file === null ? null : fromHere(file)]));
}

function fromHere(file: string): string {
  return relative(process.cwd(), file);
}
