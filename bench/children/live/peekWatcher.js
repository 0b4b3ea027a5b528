import { ready } from "../ready.js";
import { NewestTuple } from "./contracts.js";
import { openClient } from "./openClient.js";

// A browser that watches the written table.
const { subscribe, getSnapshot } = openClient().subscribe(NewestTuple, {}, { keep: false });
const { promise, resolve } = Promise.withResolvers();
subscribe(() => {
  if (getSnapshot().status === "live") resolve();
});
await promise;
ready(0);
