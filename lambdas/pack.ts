/**
 * What is seen in the directory travels from one function to another in the workflow's state, which holds 256 KiB.
 * Ids do not shrink, but everything around them does: a hundred applications with twenty credentials each fit.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SeenApplication } from '../core/drift/observation.ts';

export const pack = (applications: readonly SeenApplication[]): string =>
  gzipSync(JSON.stringify(applications)).toString('base64');

/** Only of what {@link pack} has made. */
export const unpack = (packed: string): readonly SeenApplication[] =>
  JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString());
