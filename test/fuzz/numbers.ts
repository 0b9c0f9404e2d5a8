/** Numbers of JSON texts as they are written, since a parsed number may not be what was written. */

/** Every number of the text, exactly: sign, digits without zeros at either end, power of ten. In any order of writing. */
export const numbersOf = (json: string): string[] => {
  const found: string[] = [];
  JSON.parse(json, (_, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value === 'number') found.push(exactly(context?.source ?? String(value)));
    return value;
  });
  return found.sort();
};

function exactly(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  return short === ''
    ? '0'
    : `${sign}${short}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - short.length)}`;
}
