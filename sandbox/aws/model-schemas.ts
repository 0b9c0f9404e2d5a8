/** Schemas of operations in the form in which the SDK's packages export theirs, for services whose client is not among the project's packages. */
import type { StaticErrorSchema, StaticOperationSchema, StaticStructureSchema } from '@smithy/types';

export const STRING = 0;
export const NUMBER = 1;
export const BOOLEAN = 2;
export const TIMESTAMP = 4;
export const DOCUMENT = 15;
export const STRINGS = 64 | STRING;
/** Of text by text. */
export const TEXTS = 128 | STRING;

/** Members that rest-json has in the path, or in the query under a name. */
export const inPath = (type: number): readonly unknown[] => [type, { httpLabel: 1 }];
export const inQuery = (type: number, name: string): readonly unknown[] => [type, { httpQuery: name }];

/** Makers of one service's schemas. */
export function schemasOf(namespace: string) {
  return {
    /** Required members first, as the SDK has them. */
    structure: (
      name: string,
      required: Readonly<Record<string, unknown>>,
      optional: Readonly<Record<string, unknown>> = {},
    ) =>
      [
        3,
        namespace,
        name,
        0,
        [...Object.keys(required), ...Object.keys(optional)],
        [...Object.values(required), ...Object.values(optional)],
        Object.keys(required).length,
      ] as unknown as StaticStructureSchema,
    listOf: (name: string, member: unknown) => [1, namespace, name, 0, member],
    /** `http`: method and path, of rest-json. */
    operation: (
      name: string,
      input: unknown,
      output: unknown,
      http?: readonly [method: string, path: string],
    ) =>
      [
        9,
        namespace,
        name,
        http ? { http: [...http, 200] } : 0,
        input,
        output,
      ] as unknown as StaticOperationSchema,
    error: (name: string, status: number, queryCode = name) =>
      [
        -3,
        namespace,
        name,
        { error: 'client', httpError: status, awsQueryError: [queryCode, status] },
        ['message'],
        [STRING],
      ] as unknown as StaticErrorSchema,
  };
}
