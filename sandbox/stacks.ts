/** The stacks of all accounts. */
import type { Caller } from './cloud.ts';
import { type DeployedStack, deployStack } from './cloudformation/deploy-stack.ts';
import type { LocalAws } from './local-aws.ts';

/** Where a stack is, and under which name. */
export interface StackPlace {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
}

export interface StackRequest extends StackPlace {
  readonly template: object;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Who deploys. */
  readonly as: Caller;
}

export type Stack = DeployedStack & StackPlace;

export interface Stacks {
  readonly all: readonly Stack[];
  /** Fails where there is one of that name. */
  deploy(request: StackRequest): Promise<Stack>;
  /** Deletes what the template does not retain, and the stack with it. */
  remove(place: StackPlace): Promise<void>;
}

export function createStacks(
  aws: Pick<LocalAws, 'cloud' | 'logs' | 'responses'>,
  assetFolder: (bucket: string, key: string) => string | undefined,
): Stacks {
  const all: Stack[] = [];
  const find = ({ name, accountId, region }: StackPlace): Stack | undefined =>
    all.find((one) => one.name === name && one.accountId === accountId && one.region === region);

  return {
    all,
    async deploy(request) {
      const { name, accountId, region } = request;
      if (find(request)) throw new Error(`There is a stack ${name} in ${accountId}, ${region}`);
      const { cloud, logs, responses } = aws;
      const deployed = await deployStack({
        ...request,
        stackName: name,
        cloud,
        logs,
        responses,
        assetFolder,
      });
      const stack = { ...deployed, name, accountId, region };
      all.push(stack);
      return stack;
    },
    async remove(place) {
      const stack = find(place);
      if (!stack) throw new Error(`There is no stack ${place.name} in ${place.accountId}, ${place.region}`);
      await stack.remove();
      all.splice(all.indexOf(stack), 1);
    },
  };
}
