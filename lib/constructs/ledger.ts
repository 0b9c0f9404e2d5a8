import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** The factory's own record. Retained when the stack goes: it is the only proof of what the factory made. */
export class Ledger extends Construct {
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'role', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'roleId', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAt',
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Answers one question: is this audience another role's?
    this.table.addGlobalSecondaryIndex({
      indexName: 'by-audience',
      partitionKey: { name: 'accountAudience', type: dynamodb.AttributeType.STRING },
      projectionType: dynamodb.ProjectionType.ALL,
    });
  }

  /** All incarnations of a role name. */
  query(): iam.PolicyStatement {
    return this.allow('LedgerQuery', ['dynamodb:Query'], this.table.tableArn);
  }

  queryByAudience(): iam.PolicyStatement {
    return this.allow('LedgerByAudience', ['dynamodb:Query'], `${this.table.tableArn}/index/by-audience`);
  }

  read(): iam.PolicyStatement {
    return this.allow('LedgerRead', ['dynamodb:GetItem'], this.table.tableArn);
  }

  /** Conditional writes of what has just been read. */
  claim(): iam.PolicyStatement {
    return this.allow('LedgerClaim', ['dynamodb:PutItem'], this.table.tableArn);
  }

  /** Conditional writes; GetItem tells a lost answer from a lost race when the condition fails. */
  write(): iam.PolicyStatement {
    return this.allow('LedgerWrite', ['dynamodb:GetItem', 'dynamodb:PutItem'], this.table.tableArn);
  }

  private allow(sid: string, actions: string[], resource: string): iam.PolicyStatement {
    return new iam.PolicyStatement({ sid, actions, resources: [resource] });
  }
}
