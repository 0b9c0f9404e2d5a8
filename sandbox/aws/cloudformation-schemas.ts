/**
 * CloudFormation's operations as far as they are served; its package is not among the project's.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
 */
import { STRING, STRINGS, schemasOf, TIMESTAMP } from './model-schemas.ts';

const { structure, listOf, operation, error } = schemasOf('com.amazonaws.cloudformation');

const parameters = listOf('Parameters', () =>
  structure('Parameter', {}, { ParameterKey: STRING, ParameterValue: STRING }),
);
const outputs = listOf('Outputs', () => structure('Output', {}, { OutputKey: STRING, OutputValue: STRING }));
const template = { TemplateBody: STRING, Parameters: parameters, Capabilities: STRINGS };
const stack = structure(
  'Stack',
  { StackName: STRING, CreationTime: TIMESTAMP, StackStatus: STRING },
  { StackId: STRING, StackStatusReason: STRING, Parameters: parameters, Outputs: outputs },
);
const nothing = structure('Nothing', {});

export const CreateStack$ = operation(
  'CreateStack',
  structure('CreateStackInput', { StackName: STRING }, template),
  structure('CreateStackOutput', {}, { StackId: STRING }),
);
export const DeleteStack$ = operation(
  'DeleteStack',
  structure('DeleteStackInput', { StackName: STRING }),
  nothing,
);
export const DescribeStacks$ = operation(
  'DescribeStacks',
  structure('DescribeStacksInput', {}, { StackName: STRING, NextToken: STRING }),
  structure('DescribeStacksOutput', {}, { Stacks: listOf('Stacks', () => stack), NextToken: STRING }),
);

export const AlreadyExistsException$ = error('AlreadyExistsException', 400);
export const InsufficientCapabilitiesException$ = error('InsufficientCapabilitiesException', 400);
