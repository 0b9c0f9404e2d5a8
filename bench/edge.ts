/** How many of an organization's IAM events leave the member account, where filtering is free. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFor } from '../bin/local.ts';
import { forwardingPattern } from '../core/event-patterns.ts';
import { memberRoleName } from '../core/naming.ts';
import { settingsOf } from '../lib/config/config.ts';
import { compileEventPattern } from '../sandbox/aws/event-pattern.ts';
import { bounded, figure, type Section, table } from './figures.ts';
import { WORLD } from './scene.ts';
import { rounded } from './statistics.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `records`: a file with a CloudTrail record, an EventBridge event, or `{"record": …}` in each line. */
export function edgeSection(records: string | undefined): Section {
  const events = records === undefined ? fixtures() : linesOf(records);
  const settings = settingsOf(configFor(WORLD));
  const pattern = compileEventPattern(JSON.stringify(forwardingPattern(settings)));
  const classes = ['CreateRole', 'DeleteRole', 'other of IAM', 'of other services'].map((name) => {
    const all = events.filter((event) => classOf(event) === name);
    return { name, all: all.length, leave: all.filter((event) => pattern.matches(event)).length };
  });
  const iam = classes.slice(0, 3);
  const sum = (of: 'all' | 'leave') => iam.reduce((total, one) => total + one[of], 0);
  const foreign = events.filter(
    (event) =>
      classOf(event) === 'CreateRole' &&
      !JSON.stringify(event).includes(WORLD.tenantId) &&
      !JSON.stringify(event).includes(`"${memberRoleName(settings.memberRolePrefix, 'inspect')}"`),
  );
  return {
    title: `Edge filtering (${records ?? 'the fixtures, which are oddities and no average'})`,
    figures: [
      figure('IAM events that leave the member account', rounded((100 * sum('leave')) / sum('all')), '%'),
      bounded('edge', foreign.filter((event) => pattern.matches(event)).length),
    ],
    table: table([['event', 'all', 'leave'], ...classes.map(({ name, all, leave }) => [name, all, leave])]),
    details: { classes, foreignCreateRole: foreign.length },
  };
}

function classOf(event: Fields): string {
  const { eventSource, eventName } = detailOf(event);
  if (eventSource !== 'iam.amazonaws.com') return 'of other services';
  return eventName === 'CreateRole' || eventName === 'DeleteRole' ? eventName : 'other of IAM';
}

const detailOf = (event: Fields): Fields => (event.detail ?? {}) as Fields;

const fixtures = (): Fields[] =>
  globSync(join(import.meta.dirname, '..', 'test', 'fixtures', 'events', '*.json')).map((file) =>
    eventOf(JSON.parse(readFileSync(file, 'utf8')) as Fields),
  );

const linesOf = (file: string): Fields[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const value = JSON.parse(line) as Fields;
      return eventOf((value.record ?? value) as Fields);
    });

/** A bare record as CloudTrail puts it on the bus. */
function eventOf(value: Fields): Fields {
  if ('detail' in value) return value;
  const source = String(value.eventSource ?? '').replace(/^(\w+)\.amazonaws\.com$/, 'aws.$1');
  return { source, 'detail-type': 'AWS API Call via CloudTrail', detail: value };
}
