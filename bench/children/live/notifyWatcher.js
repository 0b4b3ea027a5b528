import pg from "pg";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";

// Listens for the notifications of a trigger for each row.
const client = new pg.Client({ connectionString: readArgument().connectUrl });
await client.connect();
client.on("notification", () => undefined);
await client.query("listen bench_change");
ready(0);
