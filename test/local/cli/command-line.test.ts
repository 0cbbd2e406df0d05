import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../local/cli/command-line.ts';
import { namedImages } from '../../../local/cli/images.ts';
import { serviceIn } from '../../../operator/service.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { wordsFirst } from '../../words-first.ts';

describe('the command line', () => {
  test('uses the default ports without images', () => {
    expect(readCommand([])).toMatchObject({
      images: [],
      port: 4566,
      pagePort: 8080,
      data: '.meshdrop',
      out: 'models',
    });
  });

  test('uses any free ports with images, unless options set them', () => {
    expect(readCommand(['oak.png'])).toMatchObject({ images: ['oak.png'], port: 0, pagePort: 0 });
    expect(readCommand(['oak.png', '--port', '4600', '--page-port=8000'])).toMatchObject({
      port: 4600,
      pagePort: 8000,
    });
  });

  test('lets the jobs of the stand-in end at once', () => {
    expect(readCommand(['--job-seconds', '0'])).toMatchObject({ jobSeconds: 0 });
  });

  test.each([
    ['face-limit=5000', 'tripo-face-limit', '5000'],
    ['faceLimit=5000', 'tripo-face-limit', '5000'],
    ['tripo-quad=true', 'tripo-quad', 'true'],
    ['on-duplicate=regenerate', 'meshdrop-on-duplicate', 'regenerate'],
    ['meshdrop-on-duplicate=reuse', 'meshdrop-on-duplicate', 'reuse'],
    ['model=tripo-3-1', 'meshdrop-model', 'tripo-3-1'],
  ])('turns a parameter into metadata, however it is spelled: %s', (param, key, value) => {
    expect(readCommand(['oak.png', '--param', param])).toMatchObject({ metadata: { [key]: value } });
  });

  test.each(
    (
      [
        [['--sped', '2'], /no option --sped, did you mean --speed\?/],
        [['--nothing-like-it'], /no option --nothing-like-it \(npm start -- --help/],
        [['-x'], /no option --x/],
        [['--param', 'face-limit=5000'], /--param needs images/],
        [['--json'], /--json needs images/],
        [['a.png', '--param', 'face-limit'], /NAME=VALUE/],
        [['a.png', '--param', '=5'], /NAME=VALUE/],
        [['a.png', '--param', 'seed=1', '--param', 'tripo-seed=2'], /--param tripo-seed is set more than once/],
        [['a.png', '--param', 'fase-limit=5000'], /no such parameter, did you mean tripo-face-limit\?/],
        [['a.png', '--param', 'hight=85cm'], /no such key, did you mean meshdrop-height\?/],
        [['a.png', '--param', 'height=85'], /"85" is not a height/],
        [['a.png', '--renditions', 'web,postr'], /there is no such file, did you mean poster\?/],
        [['a.png', '--param', 'face-limit=many'], /tripo-face-limit: "many" is not allowed; use a whole number/],
        [['a.png', '--param', 'generate-parts=true', '--param', 'quad=true'], /exclude each other/],
        [['a.png', '--max-cu', '0'], /--max-cu 0: use a number greater than 0/],
        [['a.png', '--param', 'seed=1\n2'], /on one line/],
        [['--port', '70000'], /--port 70000: a port must be a whole number/],
        [['--port', 'x'], /--port x/],
        [['--speed', '0'], /--speed 0: use a number greater than 0/],
        [['--speed', 'fast'], /--speed fast/],
        [['--job-seconds', '-1'], /--job-seconds/],
        [['--job-seconds=-1'], /--job-seconds -1: use a number that is at least 0/],
        [['--data'], /--data/],
        [['--json=yes', 'a.png'], /--json/],
      ] satisfies [string[], RegExp][]
    ).map(([args, sentence]) => ({ call: args.join(' '), args, sentence })),
  )('refuses $call with a message that says what to do', ({ args, sentence }) => {
    expect(() => readCommand(args)).toThrow(sentence);
  });

  test('returns help and version before it checks other options', () => {
    expect(readCommand(['--help', '--param', 'x'])).toBe('help');
    expect(readCommand(['-v'])).toBe('version');
  });
});

describe('the environment', () => {
  test('without keys selects the stand-in', () => {
    expect(serviceIn({ PATH: '/bin', SCENARIO_SDK_API_KEY: '' }, false)).toEqual({ standIn: true });
  });

  test('with both keys selects the real Scenario, unless the call asks for the stand-in', () => {
    const keys = { SCENARIO_SDK_API_KEY: 'k', SCENARIO_SDK_API_SECRET: 's' };

    expect(serviceIn(keys, false)).toEqual({
      standIn: false,
      url: 'https://api.cloud.scenario.com/v1',
      apiKey: 'k',
      apiSecret: 's',
    });
    expect(serviceIn({ ...keys, SCENARIO_BASE_URL: 'http://127.0.0.1:9/v1/' }, false)).toMatchObject({
      url: 'http://127.0.0.1:9/v1',
    });
    expect(serviceIn(keys, true)).toEqual({ standIn: true });
  });

  test.each(
    wordsFirst<[Record<string, string>]>([
      [{ SCENARIO_SDK_API_KEY: 'k' }, 'SCENARIO_SDK_API_KEY without both keys'],
      [{ SCENARIO_SDK_API_SECRET: 's' }, 'SCENARIO_SDK_API_SECRET without both keys'],
      [{ SCENARIO_BASE_URL: 'http://x' }, 'SCENARIO_BASE_URL without both keys'],
      [{ SCENARIO_LOG: 'debug' }, 'SCENARIO_LOG without both keys'],
      [
        { SCENARIO_SDK_API_KEY: 'k', SCENARIO_SDK_API_SECRET: 's', SCENARIO_BASE_URL: 'api.cloud' },
        'the URL must begin with https://',
      ],
    ]),
  )('is refused, and the message contains no value except a URL: %s', (sentence, environment) => {
    expect(() => serviceIn(environment, false)).toThrow(sentence);
  });
});

describe('the images', () => {
  test('get their path inside the working folder as key, or their file name', async () => {
    const folder = await temporaryFolder();
    const outside = await temporaryFolder();
    await mkdir(join(folder, 'chairs'));
    await writeFile(join(folder, 'chairs', 'oak é.png'), 'x');
    await writeFile(join(outside, 'beech.png'), 'x');

    const images = await namedImages(['./chairs/oak é.png', join(outside, 'beech.png')], folder);

    expect(images.map(({ key }) => key)).toEqual(['chairs/oak é.png', 'beech.png']);
  });

  test.each([
    ['missing.png', 'missing.png does not exist'],
    ['chairs', 'chairs is a folder: name the images in it, for example chairs/*.png'],
  ])('cannot be %s', async (typed, sentence) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'chairs'));

    await expect(namedImages([typed], folder)).rejects.toThrow(sentence);
  });

  test('cannot have the same key', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'oak.png'), 'x');

    await expect(namedImages(['oak.png', './oak.png'], folder)).rejects.toThrow(
      'oak.png and ./oak.png have the same key oak.png',
    );
  });
});
