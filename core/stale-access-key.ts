/**
 * The access key of the environment that hides a profile, its middle left out; undefined where there is none. AWS's
 * tools take the environment before the profile of AWS_PROFILE, though not before one named explicitly.
 */
export function staleAccessKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = env.AWS_ACCESS_KEY_ID;
  return key ? `${key.slice(0, 4)}…${key.slice(-4)}` : undefined;
}
