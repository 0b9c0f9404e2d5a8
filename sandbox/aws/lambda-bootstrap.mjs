/**
 * What Lambda's runtime is for a function: it loads the handler and asks the Runtime API for one invocation after
 * the other. Plain JavaScript on Node's core modules alone, for it runs in every cold start.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { Module } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const [host, ...path] = AWS_LAMBDA_RUNTIME_API.split('/');
const [hostname, port] = host.split(':');
const base = `/${[...path, '2018-06-01', 'runtime'].join('/')}`;
const agent = new Agent({ keepAlive: true });

// The sandbox holds the other end: when it is gone, however it went, so is the function.
process.stdin.on('end', () => process.exit(0)).resume();

/** @type {string | undefined} */
let current;
for (const [signal, type] of [
  ['uncaughtException', 'Runtime.UncaughtException'],
  ['unhandledRejection', 'Runtime.UnhandledPromiseRejection'],
]) {
  process.on(signal, async (error) => {
    const failure = { ...describe(error), errorType: type };
    console.error(JSON.stringify(failure));
    const path = current === undefined ? 'init/error' : `invocation/${current}/error`;
    await report(path, failure).finally(() => process.exit(128));
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  console.error(JSON.stringify(describe(error)));
  await report('init/error', describe(error));
  process.exit(1);
}

for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  const requestId = headers['lambda-runtime-aws-request-id'];
  current = requestId;
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    await call('POST', `invocation/${requestId}/response`, JSON.stringify(result) ?? 'null');
  } catch (error) {
    console.error(JSON.stringify(describe(error)));
    await report(`invocation/${requestId}/error`, describe(error));
  }
}

/** As Lambda does: `.mjs` is an ES module, `.js` is CommonJS whatever a package.json further up says. */
async function load() {
  const [file, name] = _HANDLER.split('.');
  for (const extension of ['.js', '.mjs', '.cjs']) {
    const path = join(LAMBDA_TASK_ROOT, `${file}${extension}`);
    let source;
    try {
      source = readFileSync(path, 'utf8');
    } catch {
      continue;
    }
    const exported =
      extname(path) === '.mjs' ? await import(pathToFileURL(path).href) : commonJs(path, source);
    if (typeof exported[name] === 'function') return exported[name];
    throw named('Runtime.HandlerNotFound', `${_HANDLER} is undefined or not exported`);
  }
  throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
}

function commonJs(path, source) {
  const module = new Module(path);
  module.filename = path;
  module.paths = [join(LAMBDA_TASK_ROOT, 'node_modules')];
  module._compile(source, path, 'commonjs');
  return module.exports;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

function report(path, failure) {
  const type = { 'lambda-runtime-function-error-type': failure.errorType };
  return call('POST', path, JSON.stringify(failure), type);
}

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, agent, method, path: `${base}/${path}`, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode >= 300) reject(new Error(`Runtime API: ${response.statusCode}`));
          else resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
