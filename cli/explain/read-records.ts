/** Events in every form in which people hold them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CommandFailure } from '../failure.ts';
import { type Io, MAX_INPUT, textOf } from '../io.ts';

/**
 * The records of a file, or of standard input where it is `-`: one JSON value, a list, a CloudTrail log file
 * (`{"Records": […]}`, also gzipped), or a JSON value on each line. Text that holds JSON counts as what it holds, as
 * in the answers of `aws cloudtrail lookup-events`.
 */
export function readRecords(io: Io, file: string): readonly unknown[] {
  const text = (file.endsWith('.gz') ? gunzipped(file) : textOf(io, file)).replace(/^\uFEFF/, '');
  const whole = parsed(text);
  if (whole) return recordsIn(whole.value);
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const value = parsed(line);
    if (value) return recordsIn(value.value);
    // The parser's message quotes the text.
    throw invalid(`${file === '-' ? 'Standard input' : file}, line ${index + 1}: expected JSON`);
  });
}

function recordsIn(value: unknown): readonly unknown[] {
  const holder = value as { readonly Records?: unknown } | null;
  const list = Array.isArray(value) ? value : holder?.Records;
  return Array.isArray(list) ? list.map(unquoted) : [value];
}

const unquoted = (value: unknown): unknown => {
  const inner = typeof value === 'string' ? parsed(value) : undefined;
  return inner ? inner.value : value;
};

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function gunzipped(file: string): string {
  try {
    return gunzipSync(readFileSync(file), { maxOutputLength: MAX_INPUT }).toString('utf8');
  } catch (cause) {
    throw invalid(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

const invalid = (message: string, cause?: unknown) =>
  new CommandFailure('usage', 'InvalidInput', message, { cause });
