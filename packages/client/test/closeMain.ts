// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { connect } from "@peek/client";
import { Add, Counter } from "./clientContracts.ts";

// Uses all resources of a client, and closes it: the process has to exit by itself.
const [url = ""] = process.argv.slice(2);
const client = connect({ url });
const watch = client.subscribe(Counter);
await client.push(Add, { id: 1, by: 1 });
for await (const { status } of watch) if (status === "live") break;
client.close();
