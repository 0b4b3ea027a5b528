import { LogicalReplicationService, PgoutputPlugin } from "pg-logical-replication";
import pg from "pg";
import { readArgument } from "../../children/readArgument.js";

/** Calls with each message of logical replication from then on; the slot goes with the bench's server. */
export async function followReplication(onMessage) {
  const { connectUrl } = readArgument();
  const slot = `bench_${process.pid}`;
  const client = new pg.Client({ connectionString: connectUrl });
  await client.connect();
  await client.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  await client.end();
  const service = new LogicalReplicationService({ connectionString: connectUrl });
  service.on("data", (_lsn, message) => onMessage(message));
  service.on("error", (error) => {
    throw error;
  });
  const started = new Promise((resolve) => service.once("start", resolve));
  void service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ["bench"] }), slot);
  await started;
}
