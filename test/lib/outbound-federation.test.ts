import { describe, expect, it } from 'vitest';
import { CONFIG, factoryTemplate, policyStatements, resourcesOf } from './stacks.ts';

const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:entra-a1b2c3';
const ROLE = 'oidc-factory-enable-outbound-federation';

describe('with tokens that AWS signs', () => {
  const template = factoryTemplate();

  it('the stack switches outbound federation on, and has the issuer as an output', () => {
    const [resource, ...others] = resourcesOf(template, 'AWS::CloudFormation::CustomResource');
    expect(others).toEqual([]);
    expect(resource?.properties.ServiceToken['Fn::GetAtt'][0]).toMatch(/^OutboundFederationFunction/);
    const outputs = Object.values(template.findOutputs('*'));
    expect(outputs).toContainEqual(
      expect.objectContaining({ Value: { 'Fn::GetAtt': [resource?.id, 'Issuer'] } }),
    );
  });

  it('its function may switch it on and read it, never off, and is told nothing of the tenant', () => {
    const [federation] = policyStatements(template, ROLE).filter(({ Sid }) => Sid === 'Enable');
    expect(federation).toEqual({
      Sid: 'Enable',
      Effect: 'Allow',
      Action: ['iam:EnableOutboundWebIdentityFederation', 'iam:GetOutboundWebIdentityFederationInfo'],
      Resource: '*',
    });
    const [fn] = resourcesOf(template, 'AWS::Lambda::Function').filter(({ id }) =>
      id.startsWith('OutboundFederation'),
    );
    expect(Object.keys(fn?.properties.Environment.Variables)).toEqual(['NODE_OPTIONS']);
  });
});

it('with a client secret the stack leaves outbound federation alone', () => {
  const login = { kind: 'secret', secretArn: SECRET_ARN } as const;
  const template = factoryTemplate({ ...CONFIG, entra: { ...CONFIG.entra, login } });
  expect(resourcesOf(template, 'AWS::CloudFormation::CustomResource')).toEqual([]);
  expect(JSON.stringify(template.toJSON())).not.toContain('OutboundWebIdentityFederation');
});
