import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { HEARTBEAT_KEY } from '../../core/tags.ts';
import type { AccountProviders } from '../enrol-account/ports.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
import { ADD_AUDIENCE_ERRORS } from './member-accounts.ts';
import { iamOf, MEMBER_ERRORS, type MemberSessionOptions, memberSessions } from './member-session.ts';
import { listProviders, readProvider } from './provider-reads.ts';
import { careSessionPolicy, lookSessionPolicy } from './session-policies.ts';

/** Another enrolment was faster, or the list of providers lags. */
const CREATE_ERRORS: ErrorTable = { ...MEMBER_ERRORS, EntityAlreadyExists: 'NotSettled' };

/** The providers of member accounts, each session narrowed to its account or to one provider. */
export function accountProviders(options: MemberSessionOptions): AccountProviders {
  const openSession = memberSessions(options);
  return {
    look: async (accountId) => {
      const policy = lookSessionPolicy({ partition: options.partition, accountId });
      const iam = iamOf(await openSession(accountId, 'inspect', policy));
      return {
        list: () => listProviders(iam, accountId),
        getProvider: (arn) => readProvider(iam, arn),
      };
    },

    care: async (accountId, providerArn) => {
      const iam = iamOf(await openSession(accountId, 'provider', careSessionPolicy(providerArn)));
      const OpenIDConnectProviderArn = providerArn;
      return {
        create: async (Url, audiences) => {
          const command = new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [...audiences] });
          await calling(`CreateOpenIDConnectProvider ${providerArn}`, CREATE_ERRORS, () => iam.send(command));
        },
        addAudience: async (ClientID) => {
          const command = new AddClientIDToOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn,
            ClientID,
          });
          await calling(`AddClientIDToOpenIDConnectProvider ${providerArn}`, ADD_AUDIENCE_ERRORS, () =>
            iam.send(command),
          );
        },
        setHeartbeat: async (Value) => {
          const command = new TagOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn,
            Tags: [{ Key: HEARTBEAT_KEY, Value }],
          });
          await calling(`TagOpenIDConnectProvider ${providerArn}`, HEARTBEAT_ERRORS, () => iam.send(command));
        },
      };
    },
  };
}

const HEARTBEAT_ERRORS: ErrorTable = { ...MEMBER_ERRORS, NoSuchEntity: 'ProviderMissing' };
