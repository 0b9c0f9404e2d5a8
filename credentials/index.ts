/** `oidc-factory/credentials`: AWS credentials for workloads that log in with Microsoft Entra ID. */
export type { MistakeCode, Side } from '../core/mistakes.ts';
export { CredentialsError } from './errors.ts';
export { type FromEntraOptions, fromEntra } from './from-entra.ts';
export type { AssertionLogin, LoginName } from './login.ts';
