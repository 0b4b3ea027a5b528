// oxlint-disable-next-line import/no-unassigned-import -- it gives Node the globals of a browser
import "fake-indexeddb/auto";
import { connect } from "@peek/client";
import { Add, Counter } from "./clientContracts.ts";

// Uses all that a client can hold on to, and closes it: the process has to end by itself.
const [url = ""] = process.argv.slice(2);
const client = connect({ url });
const watch = client.subscribe(Counter);
await client.push(Add, { id: 1, by: 1 });
for await (const { status } of watch) if (status === "live") break;
client.close();
