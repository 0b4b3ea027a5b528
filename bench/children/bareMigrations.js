import pg from "pg";
import { readInput } from "./readInput.js";

// The same SQL, each migration in its own transaction, without roles, locks and records.
const { connectUrl, schemas, statements } = readInput();
const since = performance.now();
const client = new pg.Client({ connectionString: connectUrl });
await client.connect();
await client.query(schemas.map((schema) => `create schema ${schema};`).join("\n"));
let count = 0;
for (const schema of schemas) {
  await client.query(`set search_path to ${schema}`);
  for (const statement of statements) {
    await client.query("begin");
    await client.query(statement);
    await client.query("commit");
    count += 1;
  }
}
console.log(`Migrated in ${performance.now() - since} ms: ${count} migrations, 0 queries`);
await client.end();
