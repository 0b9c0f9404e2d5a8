import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALARMS, alarmText, RUNBOOK } from '../../core/alarms.ts';

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const sections = runbook.split(/^## /m).slice(1);
const ids = Object.keys(ALARMS) as (keyof typeof ALARMS)[];

describe('the runbook', () => {
  it('has a section for every alarm and an alarm for every section, in one order', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(ids);
  });

  it.each(sections.map((section) => [section.split('\n')[0], section]))(
    'says of %s what it means, how to look, what to do and when it is over',
    (_, section) => {
      const parts = [
        '**What it means.** ',
        '**How to look.**\n\n```\n',
        '**What to do.** ',
        '**It is over** ',
      ];
      for (const part of parts) expect(section).toContain(part);
    },
  );
});

describe('an alarm', () => {
  it.each(ids)('%s says what happened and links to its section', (id) => {
    const text = alarmText(id, RUNBOOK);
    expect(text).toMatch(/^[A-Z].{20,}\. docs\/runbook\.md#[a-z-]+$/);
    expect(text.length).toBeLessThan(1024);
  });
});
