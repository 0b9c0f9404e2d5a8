import { buildSync } from 'esbuild';
import { entryPoints } from '../lib/bundling.ts';

/**
 * The same functions as CDK's NodejsFunction bundles them where nothing is said but the entry: CommonJS, not
 * minified, `main` before `module`, and the SDK left to the runtime (aws-lambda-nodejs/lib/bundling of aws-cdk-lib
 * 2.276, with the flag `sdkV3ExcludeSmithyPackages` that new projects have).
 */
export function bundleByDefault(outdir: string): void {
  buildSync({
    bundle: true,
    platform: 'node',
    target: 'node24',
    external: ['@aws-sdk/*', '@smithy/*'],
    entryPoints: entryPoints(),
    outdir,
    logLevel: 'silent',
  });
}
