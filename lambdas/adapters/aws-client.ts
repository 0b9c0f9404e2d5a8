/** What CloudTrail shows as user agent. The SDK's own would say its version, which the bundles leave out. */
export const USER_AGENT = async (): Promise<[string][]> => [['oidc-factory']];

/**
 * How every AWS client of the functions is built: once per environment, with timeouts that leave room for the SDK's
 * retries within a function's 60 seconds. Without `throwOnRequestTimeout` the SDK only warns.
 */
export const CLIENT_OPTIONS = {
  maxAttempts: 3,
  defaultUserAgentProvider: USER_AGENT,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;
