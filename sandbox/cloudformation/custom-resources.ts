import { randomUUID } from 'node:crypto';
import type { InvocationResponse } from '@aws-sdk/client-lambda';
import { type Fields, fields } from '../fields.ts';
import type { CreationContext, Creator } from './creator.ts';

/** Custom resources that are functions, without properties of their own. */
export const CUSTOM_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::CloudFormation::CustomResource': (properties, context) => {
    const ServiceToken = properties.required('ServiceToken', 'string');
    // The function is waited for, and its timeout is shorter.
    const ServiceTimeout = properties.optional('ServiceTimeout', 'number');
    const ResourceProperties = {
      ServiceToken,
      // CloudFormation hands on every value as text.
      ...(ServiceTimeout !== undefined && { ServiceTimeout: String(ServiceTimeout) }),
    };
    return async () => {
      const answer = await ask(context, { RequestType: 'Create', ResourceProperties });
      const PhysicalResourceId = answer.required('PhysicalResourceId', 'string');
      const data = Object.entries(answer.optional('Data', 'object') ?? {});
      answer.done();
      return {
        ref: PhysicalResourceId,
        attributes: Object.fromEntries(data.map(([name, value]) => [name, String(value)])),
        remove: () => ask(context, { RequestType: 'Delete', ResourceProperties, PhysicalResourceId }),
      };
    };
  },
};

interface Request {
  readonly RequestType: 'Create' | 'Delete';
  readonly ResourceProperties: { readonly ServiceToken: string };
  readonly PhysicalResourceId?: string;
}

/** Invokes the function and takes what it puts at the URL. Fails where that says so. */
async function ask(context: CreationContext, request: Request): Promise<Fields> {
  const { invoke, responses, stackId, logicalId } = context;
  const { url, taken } = responses.open();
  const about = { StackId: stackId, RequestId: randomUUID(), LogicalResourceId: logicalId };
  const ResourceType = 'AWS::CloudFormation::CustomResource';
  await invoke<InvocationResponse>('lambda', 'Invoke', {
    FunctionName: request.ResourceProperties.ServiceToken,
    Payload: Buffer.from(JSON.stringify({ ...about, ...request, ResourceType, ResponseURL: url })),
  });
  const text = taken();
  if (text === undefined) throw new Error('the function gave no answer');
  const answer = fields(JSON.parse(text), 'the answer');
  for (const [name, value] of Object.entries(about)) {
    if (answer.required(name, 'string') !== value) throw new Error(`the answer has another ${name}`);
  }
  const status = answer.required('Status', 'string');
  const reason = answer.optional('Reason', 'string');
  if (status !== 'SUCCESS') throw new Error(reason ?? `the answer is ${status}`);
  return answer;
}
