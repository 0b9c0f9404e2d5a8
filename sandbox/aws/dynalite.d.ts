declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An HTTP server with DynamoDB's API, in memory. Times are milliseconds. */
  export default function dynalite(options: {
    createTableMs: number;
    deleteTableMs: number;
    updateTableMs: number;
  }): Server;
}
