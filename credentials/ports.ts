import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, so that tests need neither. */
export interface Ports {
  /** Milliseconds since the epoch, by the clock of the workload. */
  now(): number;
  /** 0 to 1. */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const systemPorts: Ports = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (milliseconds) => sleep(milliseconds),
};
