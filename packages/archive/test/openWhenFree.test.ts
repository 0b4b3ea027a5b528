import { expect, it } from "vitest";
import { openWhenFree, VersionStore } from "../src/index.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

it("a store is opened as soon as its folder is free, and refused when it stays locked", async () => {
  const dir = temporaryFolder();
  const holder = VersionStore.open(dir);
  await expect(openWhenFree(dir, { waitMs: 50 })).rejects.toMatchObject({ code: "PLUGIN_SOFTWARE_LOCKED" });
  const stop = new AbortController();
  const stopped = openWhenFree(dir, { signal: stop.signal });
  stop.abort(new Error("The service stops."));
  await expect(stopped).rejects.toThrow("The service stops.");
  const opening = openWhenFree(dir, { waitMs: 60_000 });
  holder[Symbol.dispose]();
  using store = await opening;
  expect(store.versions("peek-plugin-pump")).toEqual([]);
});
