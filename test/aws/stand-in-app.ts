import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { App, aws_lambda as lambda, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { build } from 'esbuild';
import * as z from 'zod';

/**
 * A stack with nothing but the stand-in, for `npm run test:aws -- --stand-in`:
 *
 *   cdk deploy --app 'node test/aws/stand-in-app.ts' -c name=NAME -c apiKey=KEY -c apiSecret=SECRET
 */
const project = join(import.meta.dirname, '..', '..');

const VIPS = ['lib/vips-node.mjs', 'lib/vips.wasm', 'package.json'];

/** Bundles the function, with the decoder that needs no library for one platform. */
export async function bundleStandIn(folder: string): Promise<void> {
  await build({
    absWorkingDir: project,
    entryPoints: ['test/aws/stand-in-function.ts'],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    plugins: [
      {
        name: 'without-sharp',
        setup: (bundling) => {
          const codec = join(project, 'package', 'replaced', 'image-codec.ts');
          bundling.onResolve({ filter: /\/image-codec\.ts$/ }, () => ({ path: codec }));
          bundling.onResolve({ filter: /^wasm-vips$/ }, () => ({ path: `./wasm-vips/${VIPS[0]}`, external: true }));
        },
      },
    ],
  });
  for (const file of VIPS) {
    const to = join(folder, 'wasm-vips', file);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(project, 'node_modules', 'wasm-vips', file), to);
  }
}

async function synthesize(): Promise<void> {
  const app = new App();
  const settings = z
    .object({ name: z.string(), apiKey: z.string(), apiSecret: z.string() })
    .parse(app.node.getAllContext());
  const folder = join(project, 'cdk.out', 'stand-in-function');
  await bundleStandIn(folder);
  const stack = new Stack(app, settings.name);
  const standIn = new lambda.Function(stack, 'StandIn', {
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    code: lambda.Code.fromAsset(folder),
    handler: 'index.handler',
    memorySize: 1769,
    timeout: Duration.seconds(60),
    // Its jobs are in memory.
    reservedConcurrentExecutions: 1,
    environment: { API_KEY: settings.apiKey, API_SECRET: settings.apiSecret },
  });
  const { url } = standIn.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  new CfnOutput(stack, 'ScenarioUrl', { value: `${url}v1` });
}

if (import.meta.main) await synthesize();
