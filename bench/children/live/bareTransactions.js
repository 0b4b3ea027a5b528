import pg from "pg";
import { measurePromises } from "../rpc/measureCalls.js";
import { readArgument } from "../readArgument.js";

// The limit: the same row, each in a transaction.
const { connectUrl, connections, table } = readArgument();
const pool = new pg.Pool({ connectionString: connectUrl, max: connections });
const insert = { name: "insert", text: `insert into ${table} (name, amount) values ($1, $2)`, values: ["new", 1] };
await measurePromises(async () => {
  const client = await pool.connect();
  await client.query("begin");
  await client.query(insert);
  await client.query("commit");
  client.release();
});
