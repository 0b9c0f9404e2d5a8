/** An error answer of Graph. Texts follow documentation and public reports, not a live tenant. */
export class GraphFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = code;
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): GraphFault => new GraphFault(400, 'Request_BadRequest', message);

export const unsupported = (message: string): GraphFault =>
  new GraphFault(400, 'Request_UnsupportedQuery', message);

export const notFound = (id: string): GraphFault =>
  new GraphFault(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const forbidden = (): GraphFault =>
  new GraphFault(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');

export const invalidToken = (message: string): GraphFault =>
  new GraphFault(401, 'InvalidAuthenticationToken', message);

export const valueTaken = (property: string): GraphFault =>
  badRequest(`Another object with the same value for property ${property} already exists.`);
