import pg from "pg";
import { readArgument } from "../readArgument.js";

// Several connections insert rows at full speed, one transaction each.
const { connectUrl, table, writers, ms } = readArgument();
const clients = Array.from({ length: writers }, () => new pg.Client({ connectionString: connectUrl }));
await Promise.all(clients.map((client) => client.connect()));
const text = `insert into ${table} (name, amount) values ($1, $2)`;

/** @returns The commits per second. */
async function writeFor(duration) {
  const began = performance.now();
  let written = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() - began < duration) {
        await client.query({ name: "write", text, values: ["new", written] });
        written += 1;
      }
    }),
  );
  return (written * 1000) / (performance.now() - began);
}

await writeFor(ms / 4);
console.log(`Measured ${JSON.stringify({ perSecond: await writeFor(ms) })}`);
process.exit(0);
