import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { moduleLoggerName } from "@peek/logging";

const root = "/srv/peek plugins/peek-plugin-x";
const url = (path: string): string => pathToFileURL(`${root}/${path}`).href;

it.each([
  ["src/_private/logic/LogicEntryHook.ts", "peek_plugin_x._private.logic.LogicEntryHook"],
  ["dist/_private/logic/LogicEntryHook.js", "peek_plugin_x._private.logic.LogicEntryHook"],
  ["lib/thing.mjs", "peek_plugin_x.lib.thing"],
  ["thing.cts", "peek_plugin_x.thing"],
  ["src/View.tsx", "peek_plugin_x.View"],
  ["src/index.ts", "peek_plugin_x"],
  ["index.js", "peek_plugin_x"],
  ["dist/tuples/index.js", "peek_plugin_x.tuples"],
  ["src/src/a.ts", "peek_plugin_x.src.a"],
  ["source/a.ts", "peek_plugin_x.source.a"],
  ["src/a b/ü#?.ts", "peek_plugin_x.a b.ü#?"],
  ["src/a.test.ts", "peek_plugin_x.a.test"],
])("a module in %s logs as %s", (path, name) => {
  expect(moduleLoggerName("peek_plugin_x", root, url(path))).toBe(name);
});

it.each([
  ["a query", `${url("src/a.ts")}?v=1`, "peek_plugin_x.a"],
  ["a fragment", `${url("src/a.ts")}#part`, "peek_plugin_x.a"],
  ["a place beside the package", url("../other/dist/bundle.js"), "peek_plugin_x.bundle"],
  ["a place whose name begins as the package's", url("../peek-plugin-x-two/src/a.ts"), "peek_plugin_x.a"],
  ["an index beside the package", url("../other/index.js"), "peek_plugin_x"],
  ["no file", "data:text/javascript,export{}", "peek_plugin_x"],
  ["a module of Node", "node:fs", "peek_plugin_x"],
])("a module with %s has a name all the same", (_what, address, name) => {
  expect(moduleLoggerName("peek_plugin_x", root, address)).toBe(name);
});
