import { describe, expect, it } from 'vitest';
import { SECTION_NAMES } from '../../bench/sections.ts';
import {
  benchArguments,
  demoArguments,
  sandboxArguments,
  simulateArguments,
  UsageError,
} from '../../bin/arguments.ts';

describe('the arguments of the sandbox', () => {
  it('have defaults', () => {
    expect(sandboxArguments([])).toEqual({ json: false, help: false, port: 0, members: 1, timeScale: 0.1 });
  });

  it('say how it is served', () => {
    expect(
      sandboxArguments(['--json', '--port=4566', '--members', '50', '--time-scale', '0.05', '--help']),
    ).toEqual({ json: true, help: true, port: 4566, members: 50, timeScale: 0.05 });
  });

  it.each([
    [['--port', '65536'], '--port: expected a whole number from 0 to 65535'],
    [['--port', '1.5'], '--port: expected a whole number'],
    [['--port='], '--port: expected a whole number'],
    [['--members', '0'], '--members: expected a whole number from 1 to 50'],
    [['--members', '0x10'], '--members: expected a whole number'],
    [['--members', '1e1'], '--members: expected a whole number'],
    [['--members', ' 5'], '--members: expected a whole number'],
    [['--members', '5'.repeat(200)], '--members: expected a whole number'],
    [[`-${'x'.repeat(400)}`], 'expected at most 256 characters, not 401'],
    [['--members', '1', '--members', '2'], '--members: given twice'],
    [['--time-scale', '0'], '--time-scale: expected a number from 0.01 to 10'],
    [['--time-scale', 'Infinity'], '--time-scale: expected a number'],
    [['--time-scale', '-1'], '--time-scale'],
    [['--json', '--json'], '--json: given twice'],
    [['--json=true'], '--json'],
    [['--no-json'], '--no-json'],
    [['--__proto__=1'], '--__proto__'],
    [['start'], 'start'],
    [['--', 'x'], 'x'],
  ])('are refused by name: %j', (args, message) => {
    expect(() => sandboxArguments(args)).toThrow(UsageError);
    expect(() => sandboxArguments(args)).toThrow(message);
  });

  it('are not quoted at length', () => {
    const long = 'x'.repeat(100_000);
    for (const args of [['--port', long], [`--${long}`], [long]]) {
      expect(() => sandboxArguments(args)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/s) }),
      );
    }
  });
});

describe('the arguments of the demo', () => {
  it('are --json or nothing', () => {
    expect(demoArguments([])).toEqual({ json: false });
    expect(demoArguments(['--json'])).toEqual({ json: true });
    expect(() => demoArguments(['--port', '1'])).toThrow(UsageError);
  });
});

describe('the arguments of a benchmark', () => {
  it('are everything, on the fixtures, where nothing is said', () => {
    const { sections, records, json } = benchArguments([]);
    expect([...sections]).toEqual(SECTION_NAMES);
    expect([records, json]).toEqual([undefined, false]);
  });

  it('say what to measure, and on whose events', () => {
    const { sections, records } = benchArguments(['--only', 'edge,calls', '--records', 'trail.jsonl']);
    expect([...sections].sort()).toEqual(['calls', 'edge']);
    expect(records).toBe('trail.jsonl');
  });

  it.each([
    [['--only', 'calls,speed'], '--only: expected some of bundles, cold'],
    [['--only', ''], '--only'],
    [['--only', 'cold', '--only', 'warm'], '--only: given twice'],
    [['cold'], 'cold'],
  ])('are refused by name: %j', (args, message) => {
    expect(() => benchArguments(args)).toThrow(message);
  });
});

describe('the arguments of a simulation', () => {
  it('are a thousand runs from the first seed, where nothing is said', () => {
    expect(simulateArguments([])).toMatchObject({
      runs: 1000,
      seed: 1,
      exhaustive: false,
      burst: false,
      sweep: false,
    });
  });

  it('are no runs by chance, where something else is asked for', () => {
    expect(simulateArguments(['--exhaustive'])).toMatchObject({ runs: 0, exhaustive: true });
    expect(simulateArguments(['--burst', '--runs', '5', '--json'])).toMatchObject({ runs: 5, json: true });
    expect(simulateArguments(['--sweep'])).toMatchObject({ runs: 0, sweep: true });
  });

  it.each([
    [['--runs', '-1'], '--runs'],
    [['--runs', 'many'], '--runs: expected a whole number'],
    [['--seed', '1e3'], '--seed: expected a whole number'],
    [['--runs', '1', '--runs', '2'], '--runs: given twice'],
  ])('are refused by name: %j', (args, message) => {
    expect(() => simulateArguments(args)).toThrow(message);
  });
});
