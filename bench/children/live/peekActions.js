import { measurePromises } from "../rpc/measureCalls.js";
import { AddRecord } from "./contracts.js";
import { openClient } from "./openClient.js";

// Each client pushes an action, and awaits its result before it pushes the next.
const free = Array.from({ length: 64 }, openClient);
await Promise.all(
  free.map(async ({ connection }) => {
    const { promise, resolve } = Promise.withResolvers();
    connection.subscribe(() => {
      if (connection.getSnapshot().status === "live") resolve();
    });
    await promise;
  }),
);
await measurePromises(async () => {
  const client = free.pop();
  const { result } = await client.push(AddRecord, { name: "new", amount: 1 });
  await result;
  free.push(client);
});
