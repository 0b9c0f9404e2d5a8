#!/usr/bin/env node
import { processIo } from '../cli/io.ts';
import { main } from '../cli/main.ts';

const io = processIo();
await main(process.argv.slice(2), io);
process.exitCode = io.exitCode;
