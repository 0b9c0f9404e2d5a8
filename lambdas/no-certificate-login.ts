/**
 * Takes the place of `jsonwebtoken` in the bundles: MSAL signs with it only when it logs in with a certificate, which
 * the functions never do, and with its dependencies it is 57 kB that every start would evaluate.
 */
import { FactoryError } from '../core/errors.ts';

const sign = (): never => {
  throw new FactoryError('Unexpected', 'The functions do not log in with certificates');
};

export default { sign };
