import { describe, expect, it } from "vitest";
import { matchPluginRoute } from "../src/navigation/matchPluginRoute.ts";

const routes = ["", "rows", "rows/:id", "rows/new", ":kind/:id"].map((path) => ({
  path,
  title: path,
  showInMenu: true,
}));

describe("the page of a path", () => {
  it.each([
    ["", "", {}],
    ["rows", "rows", {}],
    ["rows/7", "rows/:id", { id: "7" }],
    ["rows/new", "rows/new", {}],
    ["rows/a%20b%2Fc", "rows/:id", { id: "a b/c" }],
    ["pumps/7", ":kind/:id", { kind: "pumps", id: "7" }],
  ])("%j is %j", (path, expected, params) => {
    expect(matchPluginRoute(routes, path)).toMatchObject({ route: { path: expected }, params });
  });

  it.each(["nothing", "rows/7/more", "rows//", "rows/%E0%A4%A"])("%j is none", (path) => {
    expect(matchPluginRoute(routes, path)).toBeUndefined();
  });
});
