import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPlan, writePlan } from '../../cli/plan/file.ts';
import type { PlanDocument } from '../../core/drift/approval.ts';
import { planHash } from '../../core/drift/step.ts';
import { changed, plan } from '../core/drift/world.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { recordedIo } from './recorded-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'plan.json');

const steps = [...plan(changed({ application: { identifierUris: [] } })), ...plan(changed({ role: null }))];
const document: PlanDocument = {
  version: 1,
  hash: planHash(steps),
  plannedAt: '2026-11-20T10:00:00.000Z',
  accountId: ACCOUNT,
  region: 'eu-central-1',
  prefix: 'oidc-factory',
  adopt: [],
  steps,
};
const read = (text: string) => {
  writeFileSync(file, text);
  return () => readPlan(recordedIo(), file);
};
const withHash = (more: object[]) => ({ ...document, steps: more, hash: planHash(more as never) });

describe('the file of a plan', () => {
  it('says what was written', () => {
    writePlan(file, document);
    expect(read(readFileSync(file, 'utf8'))()).toEqual(document);
  });

  it.each([
    ['a step less', { ...document, steps: steps.slice(1) }],
    ['another step', { ...document, steps: [...steps, { ...steps[0], detail: 'other' }] }],
    ['another hash', { ...document, hash: '0'.repeat(64) }],
  ])('is refused with %s', (_, altered) => {
    expect(read(JSON.stringify(altered))).toThrow(
      expect.objectContaining({ code: 'PlanAltered', outcome: 'refused' }),
    );
  });

  it.each([
    ['nothing', 'null'],
    ['another form', JSON.stringify({ ...document, version: 2 })],
    ['an unknown kind', JSON.stringify(withHash([{ ...steps[0], reason: 'other' }]))],
    ['an unknown workflow', JSON.stringify(withHash([{ ...steps[0], start: { workflow: 'sweep' } }]))],
    ['a run of no role', JSON.stringify(withHash([{ ...steps[0], start: { workflow: 'create-role' } }]))],
    ['no JSON', 'plan'],
  ])('is none where it is %s', (_, text) => {
    expect(read(text)).toThrow(expect.objectContaining({ code: 'InvalidInput', outcome: 'usage' }));
  });
});
