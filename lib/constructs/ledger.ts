import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { retainedTable } from './retained-table.ts';

/** The factory's own record. Retained when the stack goes: it is the only proof of what the factory made. */
export class Ledger extends Construct {
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = retainedTable(this, { partition: 'role', sort: 'roleId' });
    // Answers one question: is this audience another role's?
    this.table.addGlobalSecondaryIndex({
      indexName: 'by-audience',
      partitionKey: { name: 'accountAudience', type: dynamodb.AttributeType.STRING },
      projectionType: dynamodb.ProjectionType.ALL,
    });
    // What a sweep compares with an account: its entries, and nothing else has the attribute.
    this.table.addGlobalSecondaryIndex({
      indexName: 'by-account',
      partitionKey: { name: 'accountId', type: dynamodb.AttributeType.STRING },
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

  /** Everything, for what is done once an hour. */
  scan(): iam.PolicyStatement {
    return this.allow('LedgerScan', ['dynamodb:Scan'], this.table.tableArn);
  }

  /** Conditional writes of what has just been read; in one transaction with them, places of the hour are counted. */
  claim(): iam.PolicyStatement {
    const actions = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];
    return onlyOn([ENTRIES, COUNTS], this.allow('LedgerClaim', actions, this.table.tableArn));
  }

  /** Conditional writes; GetItem tells a lost answer from a lost race when the condition fails. */
  write(): iam.PolicyStatement {
    const actions = ['dynamodb:GetItem', 'dynamodb:PutItem'];
    return onlyOn([ENTRIES], this.allow('LedgerWrite', actions, this.table.tableArn));
  }

  /** The control document, and the account's record with it. */
  control(): iam.PolicyStatement {
    const statement = this.allow('Control', ['dynamodb:BatchGetItem'], this.table.tableArn);
    return onlyOn(['control', 'account'], statement);
  }

  /** The accounts' records. */
  enrol(): iam.PolicyStatement {
    return onlyOn(['account'], this.allow('Accounts', ['dynamodb:UpdateItem'], this.table.tableArn));
  }

  /** Reads what the records say of the past. */
  readAccounts(): iam.PolicyStatement {
    return onlyOn(['account'], this.allow('ReadAccounts', ['dynamodb:GetItem'], this.table.tableArn));
  }

  /** Which accounts were ever enrolled. */
  listAccounts(): iam.PolicyStatement {
    return onlyOn(['account'], this.allow('ListAccounts', ['dynamodb:Query'], this.table.tableArn));
  }

  queryByAccount(): iam.PolicyStatement {
    return this.allow('LedgerByAccount', ['dynamodb:Query'], `${this.table.tableArn}/index/by-account`);
  }

  /** What a sweep has found of an account, and who has access to it. */
  writeFindings(): iam.PolicyStatement {
    return onlyOn(['sweep#*', 'access'], this.allow('Findings', ['dynamodb:PutItem'], this.table.tableArn));
  }

  readFindings(): iam.PolicyStatement {
    return onlyOn(['sweep#*'], this.allow('ReadFindings', ['dynamodb:Query'], this.table.tableArn));
  }

  /** What a sweep reports. */
  writeReports(): iam.PolicyStatement {
    return onlyOn(['sweep'], this.allow('Reports', ['dynamodb:PutItem'], this.table.tableArn));
  }

  /** Opens the breaker of the directory. */
  openBreaker(): iam.PolicyStatement {
    return onlyOn(['control'], this.allow('Breaker', ['dynamodb:UpdateItem'], this.table.tableArn));
  }

  private allow(sid: string, actions: string[], resource: string): iam.PolicyStatement {
    return new iam.PolicyStatement({ sid, actions, resources: [resource] });
  }
}

/** Partition keys: `<account>#<role name>`, `count#<account>`. */
const ENTRIES = '????????????#*';
const COUNTS = 'count#*';

/** Partition keys and no others. For a transaction, AWS may compare those of all its items: so each is allowed all. */
function onlyOn(partitionKeys: readonly string[], statement: iam.PolicyStatement): iam.PolicyStatement {
  statement.addConditions({
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitionKeys] },
    // ForAllValues alone is true where the key is absent.
    Null: { 'dynamodb:LeadingKeys': 'false' },
  });
  return statement;
}
