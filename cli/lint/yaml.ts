/** CloudFormation templates in YAML: tags such as `!Sub` are short for `Fn::Sub`. */
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { CommandFailure } from '../failure.ts';

/** The value of a YAML text. Fails with InvalidInput; CloudFormation knows no aliases, so they are refused. */
export function parseYaml(text: string, from: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const place = line === undefined ? '' : ` (line ${line})`;
    // The parser's message quotes the text.
    throw new CommandFailure('usage', 'InvalidInput', `${from} is neither JSON nor YAML${place}`, {
      cause: error,
    });
  }
  return plain(document.contents, from);
}

function plain(node: unknown, from: string): unknown {
  if (isAlias(node)) throw new CommandFailure('usage', 'InvalidInput', `${from}: expected no YAML aliases`);
  if (isMap(node)) {
    const entries = node.items.map(
      ({ key, value }) => [String(plain(key, from)), plain(value, from)] as const,
    );
    return tagged(node, Object.fromEntries(entries));
  }
  if (isSeq(node))
    return tagged(
      node,
      node.items.map((item) => plain(item, from)),
    );
  return isScalar(node) ? tagged(node, node.value) : node;
}

function tagged({ tag }: Node, value: unknown): unknown {
  const [, name] = /^!(\w+)$/.exec(tag ?? '') ?? [];
  if (name === undefined) return value;
  if (name === 'GetAtt' && typeof value === 'string') return { 'Fn::GetAtt': value.split('.') };
  return { [name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`]: value };
}
