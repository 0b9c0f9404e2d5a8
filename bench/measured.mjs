/**
 * One environment of a function: loads a bundle, invokes its handler so many times, and writes what that took to file
 * descriptor 3. On as few of Node's modules as possible: those that it loads would cost the function nothing any more.
 */
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , file, input, times] = process.argv;
const event = JSON.parse(input);

// Not `process.resourceUsage()`: its maximum begins with that of the process which started this one.
const peakMB = () =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1.024e-3;

const idle = process.cpuUsage();
const begun = performance.now();
const { handler } = createRequire(file)(file);
const initMs = performance.now() - begun;

const invocationsMs = [];
async function invoke() {
  const started = performance.now();
  await handler(event);
  invocationsMs.push(performance.now() - started);
}
await invoke();
const { user, system } = process.cpuUsage(idle);
const firstPeakMB = peakMB();
for (let index = 1; index < Number(times); index++) await invoke();
const coldCpuMs = (user + system) / 1000;
writeSync(3, JSON.stringify({ initMs, invocationsMs, coldCpuMs, firstPeakMB, peakMB: peakMB() }));
process.exit(0);
