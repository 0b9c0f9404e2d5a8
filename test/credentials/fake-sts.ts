/** An STS that answers what a test says, and keeps what it was asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string>>;
}

/** `drop`: the connection ends without an answer. */
export type StsAnswer = HttpAnswer | 'drop';

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface FakeSts {
  readonly endpoint: string;
  readonly asked: Asked[];
  /** One for each call to come; the last stays. */
  answers: StsAnswer[];
  /** Its clock, in milliseconds; undefined: its answers carry no date. */
  clock: (() => number) | undefined;
  close(): Promise<void>;
}

export const SECRETS = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE',
  secretAccessKey: 'secret/access/key',
  sessionToken: 'session-token-of-the-role',
};

export const session = (expiration: number): HttpAnswer => ({
  status: 200,
  body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>${SECRETS.accessKeyId}</AccessKeyId>
    <SecretAccessKey>${SECRETS.secretAccessKey}</SecretAccessKey>
    <SessionToken>${SECRETS.sessionToken}</SessionToken>
    <Expiration>${new Date(expiration).toISOString()}</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`,
});

export const refusal = (code: string, message: string, status = 400): HttpAnswer => ({
  status,
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
  <RequestId>00000000-0000-4000-8000-000000000000</RequestId>
</ErrorResponse>`,
});

export async function startSts(): Promise<FakeSts> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      asked.push({ headers: request.headers, form: Object.fromEntries(new URLSearchParams(body)) });
      const answer = sts.answers.length > 1 ? sts.answers.shift() : sts.answers[0];
      if (answer === undefined || answer === 'drop') {
        request.socket.destroy();
        return;
      }
      response.sendDate = false;
      response.statusCode = answer.status;
      if (sts.clock) response.setHeader('date', new Date(sts.clock()).toUTCString());
      response.setHeader('content-type', 'text/xml');
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sts: FakeSts = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers: [],
    clock: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return sts;
}
