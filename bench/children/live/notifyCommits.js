import pg from "pg";
import { readArgument } from "../readArgument.js";
import { measureCommits } from "./measureCommits.js";

// A trigger of the table notifies of each row, by its id and value.
await measureCommits(async (seen) => {
  const client = new pg.Client({ connectionString: readArgument().connectUrl });
  await client.connect();
  client.on("notification", ({ payload }) => {
    const [id, value] = payload.split(" ");
    seen(Number(id), Number(value));
  });
  await client.query("listen bench_change");
});
