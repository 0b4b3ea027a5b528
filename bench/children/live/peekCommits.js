import { SampleTuple } from "./contracts.js";
import { measureCommits } from "./measureCommits.js";
import { openClient } from "./openClient.js";

// From the commit to the callback of a page.
await measureCommits(async (seen) => {
  const { subscribe, getSnapshot } = openClient().subscribe(SampleTuple, {}, { keep: false });
  const { promise, resolve } = Promise.withResolvers();
  let isReady = false;
  subscribe(() => {
    const { status, tuples } = getSnapshot();
    if (status !== "live") return;
    if (isReady) for (const { id, value } of tuples) seen(id, value);
    else if (tuples.every(({ value }) => value === 0)) {
      isReady = true;
      resolve();
    }
  });
  await promise;
});
