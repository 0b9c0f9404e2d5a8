/** The steps of a plan as calls to Graph. Each may be taken again. */
import { z } from 'zod';
import { PERMISSION, type Step, type Which } from '../../core/bootstrap/plan.ts';
import type { SeenApplication, SeenTenant, TrustedToken } from '../../core/bootstrap/tenant.ts';
import { GRAPH_PERMISSIONS } from '../../core/doctor/tenant.ts';
import {
  type GraphFailure,
  isAbsent,
  isGrantedAlready,
  isPrincipalTaken,
  isUniqueNameTaken,
} from '../../lambdas/adapters/graph-errors.ts';
import { CommandFailure } from '../failure.ts';
import { type Graph, understood } from '../graph.ts';
import type { SecretStore } from './secret.ts';
import { byUniqueName, GRAPH_APP_ID, graphPrincipalId } from './tenant-reads.ts';

/** How long a client secret lives; `bootstrap` renews it in the last month. */
const SECRET_DAYS = 180;
const DAY_MS = 86_400_000;

const REQUIRED = {
  requiredResourceAccess: [
    {
      resourceAppId: GRAPH_APP_ID,
      resourceAccess: [{ id: GRAPH_PERMISSIONS[PERMISSION], type: 'Role' }],
    },
  ],
};

interface Ids {
  readonly objectId: string;
  readonly appId: string;
  readonly principalId?: string | undefined;
}

export interface StepTaker {
  take(step: Step): Promise<void>;
  /** Of the factory's application, once there is one. */
  factoryAppId(): string | undefined;
}

/** `seen` is what the plan was made of. */
export function stepTaker(graph: Graph, store: SecretStore | undefined, seen: SeenTenant): StepTaker {
  const known = new Map<Which, Ids>();
  const learn = (which: Which, application: SeenApplication | undefined): void => {
    if (!application) return;
    const { objectId, appId, principal } = application;
    known.set(which, { objectId, appId, principalId: principal?.id });
  };
  for (const { application } of seen.holders) learn(application.objectId, application);
  learn('factory', seen.factory);
  learn('reservation', seen.reservation);

  function idsOf(which: Which): Ids {
    const ids = known.get(which);
    if (!ids) throw new Error(`No step has made ${which}`);
    return ids;
  }
  const at = (which: Which): string => `/applications/${idsOf(which).objectId}`;
  const principalOf = (which: Which): string => {
    const { principalId } = idsOf(which);
    if (principalId === undefined) throw new Error(`No step has made the service principal of ${which}`);
    return principalId;
  };

  async function createApplication(step: Extract<Step, { do: 'create-application' }>): Promise<void> {
    const { which, displayName, uniqueName } = step;
    const answer = await graph.send('POST', '/applications', {
      json: {
        displayName,
        uniqueName,
        signInAudience: 'AzureADMyOrg',
        ...(which === 'factory' && REQUIRED),
      },
      accept: isUniqueNameTaken,
    });
    if (answer === undefined) throw await nameTaken(uniqueName);
    const { id, appId } = understood('POST /applications', APPLICATION, answer);
    known.set(which, { objectId: id, appId });
  }

  /** An answer that was lost, somebody else, or an application that was deleted and keeps its name. */
  async function nameTaken(uniqueName: string): Promise<CommandFailure> {
    const found = await graph.get(`/applications${byUniqueName(uniqueName)}?$select=id,appId`, APPLICATION);
    if (found) {
      return new CommandFailure(
        'unavailable',
        'TenantChanged',
        `The application ${uniqueName} has just been made`,
        {
          remedy: 'Run it again: it looks at the application and continues.',
        },
      );
    }
    return new CommandFailure(
      'refused',
      'NameTaken',
      `A deleted application keeps the unique name ${uniqueName}`,
      {
        remedy:
          'Restore it, or delete it for good (Entra, App registrations, Deleted applications), and run it again.',
      },
    );
  }

  async function createPrincipal(which: Which, enabled: boolean): Promise<void> {
    const { appId, ...ids } = idsOf(which);
    const answer =
      (await graph.send('POST', '/servicePrincipals', {
        // Kept out of the portal where users find their applications.
        json: { appId, accountEnabled: enabled, tags: ['HideApp'] },
        accept: isPrincipalTaken,
      })) ?? (await graph.get(`/servicePrincipals(appId='${appId}')?$select=id,accountEnabled`, PRINCIPAL));
    const made = understood('POST /servicePrincipals', PRINCIPAL, answer);
    known.set(which, { ...ids, appId, principalId: made.id });
    if (made.accountEnabled !== enabled) await setEnabled(made.id, enabled);
  }

  const setEnabled = (id: string, accountEnabled: boolean) =>
    graph.send('PATCH', `/servicePrincipals/${id}`, { json: { accountEnabled } });

  async function storeSecret(which: Which): Promise<void> {
    if (!store) throw new Error('No place for a secret is configured');
    const path = `${at(which)}/addPassword`;
    const endDateTime = new Date(Date.now() + SECRET_DAYS * DAY_MS).toISOString();
    const passwordCredential = { displayName: 'oidc-factory', endDateTime };
    const answer = await graph.send('POST', path, { json: { passwordCredential }, once: true });
    const { keyId, secretText } = understood('POST /applications/{id}/addPassword', PASSWORD, answer);
    try {
      await store.put(keyId, secretText);
    } catch (error) {
      // Nobody has it: it must not stay. What failed first is what counts.
      await removePassword(which, keyId).catch(() => {});
      throw error;
    }
  }

  const removePassword = (which: Which, keyId: string) =>
    graph.send('POST', `${at(which)}/removePassword`, { json: { keyId } });

  async function grant(which: Which): Promise<void> {
    const resourceId = await graphPrincipalId(graph);
    await graph.send('POST', `/servicePrincipals/${resourceId}/appRoleAssignedTo`, {
      json: { principalId: principalOf(which), resourceId, appRoleId: GRAPH_PERMISSIONS[PERMISSION] },
      accept: isGrantedAlready,
    });
  }

  async function take(step: Step): Promise<void> {
    const { which } = step;
    switch (step.do) {
      case 'create-application':
        return createApplication(step);
      case 'create-principal':
        return createPrincipal(which, step.enabled);
      case 'store-secret':
        return storeSecret(which);
      case 'grant-permission':
        return grant(which);
      case 'disable-principal':
        await setEnabled(principalOf(which), false);
        return;
      case 'declare-permission':
        await graph.send('PATCH', at(which), { json: REQUIRED });
        return;
      case 'claim-identifier-uris':
        await graph.send('PATCH', at(which), { json: { identifierUris: step.uris } });
        return;
      case 'remove-owner':
        await graph.send('DELETE', `${at(which)}/owners/${step.ownerId}/$ref`, { accept: isAbsent });
        return;
      case 'remove-password':
        await removePassword(which, step.keyId);
        return;
      case 'remove-federated':
        await graph.send('DELETE', `${at(which)}/federatedIdentityCredentials/${step.id}`, {
          accept: isAbsent,
        });
        return;
      case 'add-federated': {
        const path = `${at(which)}/federatedIdentityCredentials`;
        await graph.send('POST', path, { json: credential(step.token), accept: isNamedAlready });
        return;
      }
    }
  }

  return { take, factoryAppId: () => known.get('factory')?.appId };
}

const credential = ({ name, issuer, subject, audience }: TrustedToken) => ({
  name,
  issuer,
  subject,
  audiences: [audience],
});

/** After an answer that was lost. Whether it is the one that was wanted, the look afterwards shows. */
const isNamedAlready = ({ status, code }: GraphFailure): boolean =>
  status === 409 && code === 'Request_MultipleObjectsWithSameKeyValue';

const APPLICATION = z.object({ id: z.string(), appId: z.string() });
const PRINCIPAL = z.object({ id: z.string(), accountEnabled: z.boolean() });
const PASSWORD = z.object({ keyId: z.string(), secretText: z.string() });
