import type { Io } from '../io.ts';
import type { Facts, Plan, Snippet } from './plan.ts';

export function printPlan(io: Io, facts: Facts, { steps, direct }: Plan): void {
  const { roleArn, issuer, clientId, audience, subject, subjects } = facts;
  io.out(`${io.paint('bold', roleArn)} is ready.`);
  for (const [name, value] of [
    ['tenant', issuer.tenantId],
    ['client id', clientId],
    ['audience', audience],
    ['scope', `${audience}/.default`],
    [
      'lets in',
      subject === 'open' ? 'every application of the tenant: sub is not pinned' : subjects.join(' '),
    ],
  ])
    io.out(`  ${name?.padEnd(11)}${value}`);
  if (direct) paragraph(io, 'Simpler', direct);
  for (const [index, { title, text, snippets = [] }] of steps.entries()) {
    paragraph(io, `${index + 1}. ${title}`, text);
    for (const snippet of snippets) printSnippet(io, snippet);
  }
}

function paragraph(io: Io, title: string, text = ''): void {
  io.out('');
  io.out(io.paint('bold', title));
  if (text !== '') for (const line of wrapped(text, (io.width ?? 100) - INDENT.length)) io.out(INDENT + line);
}

function printSnippet(io: Io, { what, content }: Snippet): void {
  io.out('');
  io.out(INDENT + io.paint('dim', `# ${what}`));
  // Whole lines, however long: they are to be copied.
  for (const line of content.split('\n')) io.out(line === '' ? '' : INDENT + line);
}

const INDENT = '   ';

/** Broken at blanks; a word longer than the width stays whole. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
