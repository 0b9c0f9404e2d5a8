import { Token } from 'aws-cdk-lib';
import { FactoryError, isFactoryError } from '../../core/errors.ts';

type Values = Readonly<Record<string, string | undefined>>;

const invalid = (builder: string, problem: string): FactoryError =>
  new FactoryError('InvalidInput', `${builder}: ${problem}`);

/**
 * What a trust policy compares is fixed at synthesis and means itself.
 * @param builder as whoever calls it knows it; begins the message.
 * @throws FactoryError InvalidInput naming the value.
 */
export function checkLiterals(builder: string, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (Token.isUnresolved(value)) {
      throw invalid(builder, `${name}: a CDK token, whose value is not known before deployment`);
    }
    if (/[*?]|[$#]\{/.test(value)) {
      throw invalid(
        builder,
        `${name}: expected a literal, without *, ? and \${; the one way to a pattern is Subject.unsafePattern(pattern, { reason })`,
      );
    }
    if (/%3a/i.test(value))
      throw invalid(builder, `${name}: expected the name itself; %3A is how a colon is written`);
  }
}

/**
 * A subject's text, from literals.
 * @param print writes it by the issuer's grammar, and refuses values that the issuer never writes.
 * @throws FactoryError InvalidInput naming builder and value.
 */
export function written(builder: string, values: Values, print: () => string): string {
  checkLiterals(builder, values);
  try {
    return print();
  } catch (error) {
    if (!isFactoryError(error, 'InvalidInput')) throw error;
    throw invalid(builder, error.message);
  }
}

/**
 * Ids come together or not at all: one alone pins half of what can be renamed.
 * @throws FactoryError InvalidInput naming the ids.
 */
export function bothOrNeither(builder: string, ids: Readonly<Record<string, string | undefined>>): boolean {
  const given = Object.values(ids).filter((id) => id !== undefined).length;
  if (given === 1) throw invalid(builder, `${Object.keys(ids).join(' and ')}: expected both or neither`);
  return given === 2;
}
