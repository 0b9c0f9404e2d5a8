/** An error answer of the token endpoint, by its AADSTS code. Texts follow documentation and public reports. */
export class EntraFault extends Error {
  readonly status: number;
  /** The OAuth error. */
  readonly error: string;
  readonly aadsts: number;

  constructor(aadsts: number, error: string, message: string, status = 400) {
    super(`AADSTS${aadsts}: ${message}`);
    this.name = `AADSTS${aadsts}`;
    this.aadsts = aadsts;
    this.error = error;
    this.status = status;
  }
}

export const invalidClient = (aadsts: number, message: string): EntraFault =>
  new EntraFault(aadsts, 'invalid_client', message, 401);

export const invalidRequest = (aadsts: number, message: string): EntraFault =>
  new EntraFault(aadsts, 'invalid_request', message);
