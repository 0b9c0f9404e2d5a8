/** An input as the model's check has left it: required members are there. */
type Leaf = string | number | boolean | bigint | Date | Uint8Array;

// biome-ignore lint/complexity/noBannedTypes: `{}` is how a type asks whether a member is optional
type IsOptional<T, K extends keyof T> = {} extends Pick<T, K> ? true : false;

export type Checked<T> = T extends Leaf
  ? T
  : T extends readonly (infer Item)[]
    ? Checked<Item>[]
    : T extends object
      ? { [K in keyof T]: IsOptional<T, K> extends true ? Checked<T[K]> : Checked<Exclude<T[K], undefined>> }
      : T;
