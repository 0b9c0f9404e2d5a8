/** AssumeRole: trust policy and identity policies, session policies, tags, source identity, chaining. */
import type { AssumeRoleRequest, AssumeRoleResponse } from '@aws-sdk/client-sts';
import type { RequestContext } from '../../../core/policy/types.ts';
import { type ServiceCall, ServiceError } from '../../cloud.ts';
import { callerName } from '../authorization.ts';
import type { AwsCloud } from '../cloud.ts';
import { resourceContext, tagContext } from '../iam/access.ts';
import type { Checked } from '../iam/input.ts';
import { withTags } from '../iam/validation.ts';
import {
  checkSessionName,
  credentialsShape,
  invalid,
  packedSize,
  readSession,
  sessionSeconds,
} from './sessions.ts';

const NOT_SERVED = ['SerialNumber', 'TokenCode', 'ProvidedContexts', 'TransitiveTagKeys'] as const;

export const assumeRole =
  (cloud: AwsCloud) =>
  (input: Checked<AssumeRoleRequest>, call: ServiceCall): AssumeRoleResponse => {
    const { RoleArn, RoleSessionName, Tags = [], ExternalId } = input;
    const unserved = NOT_SERVED.find((member) => input[member] !== undefined);
    if (unserved) throw invalid(`${unserved} is not served by the sandbox`);
    const { accountId, sessionPolicy } = readSession(cloud.iam, input);
    const sourceIdentity = sourceIdentityOf(input, call);
    const sessionTags = withTags(new Map(), Tags);

    const role = cloud.iam.roleByArn(RoleArn);
    if (!role) throw denied(call, RoleArn);
    const context: RequestContext = {
      ...resourceContext(role),
      ...tagContext(Tags),
      'sts:RoleSessionName': RoleSessionName,
      'sts:ExternalId': ExternalId,
      'sts:SourceIdentity': sourceIdentity,
    };
    const authorize = (action: string) =>
      call.authorize({
        action,
        resource: RoleArn,
        context,
        resourcePolicy: role.trustPolicy.policy,
        resourceAccountId: accountId,
        resourcePolicyMustAllow: true,
      });
    authorize('sts:AssumeRole');
    if (Tags.length > 0) authorize('sts:TagSession');
    if (sourceIdentity !== undefined) authorize('sts:SetSourceIdentity');

    const { principal } = call.caller;
    const chained = principal.type === 'aws' && principal.roleArn !== undefined;
    const seconds = sessionSeconds(role, input.DurationSeconds, chained);
    const session = cloud.roleSession(role, RoleSessionName, {
      ...Object.fromEntries(
        [...sessionTags.values()].map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value]),
      ),
      'aws:SourceIdentity': sourceIdentity,
    });
    const credentials = cloud.issueCredentials(
      { ...session, ...(sessionPolicy && { sessionPolicies: [sessionPolicy] }) },
      seconds,
    );
    return {
      Credentials: credentialsShape(credentials),
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${RoleSessionName}`, Arn: callerName(session) },
      ...packedSize(input),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    };
  };

/** A source identity stays for the whole chain of sessions; it cannot be changed on the way. */
function sourceIdentityOf(
  { SourceIdentity }: Checked<AssumeRoleRequest>,
  { caller }: ServiceCall,
): string | undefined {
  const earlier = caller.context?.['aws:SourceIdentity'];
  if (typeof earlier === 'string') {
    if (SourceIdentity !== undefined && SourceIdentity !== earlier) {
      throw invalid('The source identity of a session cannot be changed');
    }
    return earlier;
  }
  if (SourceIdentity !== undefined) checkSessionName(SourceIdentity, 'sourceIdentity');
  return SourceIdentity;
}

/** A role that does not exist is refused like one that does not let in. */
const denied = (call: ServiceCall, roleArn: string): ServiceError =>
  new ServiceError(
    'AccessDenied',
    `User: ${callerName(call.caller)} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    403,
  );
