import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";

const executable = findChromium();

const good = `const Good = () => {
  const [count, setCount] = React.useState(0);
  return h("button", { onClick: () => setCount(count + 1) }, "Count " + count);
};
export default page(Good);`;

const handlers = `const Handlers = () => h(React.Fragment, null,
  h("p", null, "Still here"),
  h("button", { onClick: () => { throw new Error("broken handler"); } }, "Throw"),
  h("button", { onClick: () => Promise.reject(new Error("broken promise")) }, "Reject"),
  h("button", { onClick: () => { const end = Date.now() + 2500; while (Date.now() < end); } }, "Block"));
export default page(Handlers);`;

/** The plugins that fail when their page is opened: title, code, and the message. */
const failing = [
  ["Throws at import", `throw new Error("broken at import");`, "broken at import"],
  ["Malformed", `export default 7;`, "not the result of definePluginWeb()"],
  ["Throws in render", `export default page(() => { throw new Error("broken in render"); });`, "broken in render"],
  [
    "Throws in effect",
    `export default page(() => { React.useEffect(() => { throw new Error("broken in effect"); }); return "x"; });`,
    "broken in effect",
  ],
  [
    "Lazy part missing",
    `export default definePluginWeb({ routes: { "": () => import("./missing.js") } });`,
    "dynamically imported module",
  ],
  [
    "Text as HTML",
    `export default page(() => {
      React.useEffect(() => { document.createElement("p").innerHTML = "<img src=x onerror=alert(1)>"; });
      return "x";
    });`,
    "TrustedHTML",
  ],
  ["No component", `export default definePluginWeb({ routes: {} });`, 'no component for the route ""'],
  [
    "Throws in start",
    `export default { ...page(() => "x"), start: () => { throw new Error("broken in start"); } };`,
    "broken in start",
  ],
] as const;

const nameOf = (title: string): string => `peek_plugin_${title.toLowerCase().replaceAll(" ", "_")}`;

describe.skipIf(executable === undefined)("a plugin that fails in the app", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const plugins = [
      webPlugin({ name: "peek_plugin_good", title: "Good", code: good }),
      webPlugin({ name: "peek_plugin_handlers", title: "Handlers", code: handlers }),
      webPlugin({ name: "peek_plugin_newer", title: "Newer", code: good, webApi: "2.0" }),
      webPlugin({ name: "peek_plugin_missing", title: "Missing", code: null }),
      webPlugin({ name: "peek_plugin_endless", title: "Endless", code: `await new Promise(() => {});\n${good}` }),
      ...failing.map(([title, code]) => webPlugin({ name: nameOf(title), title, code })),
    ];
    app = await AdminApp.start(executable ?? "", { plugins });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  it.each(failing)(
    "%s: says so on its page, in its tile and in the log, and the others go on",
    async (title, _code, message) => {
      const shell = await app.open();
      await shell.choose("Good");
      await shell.content.getByRole("button", { name: "Count 0" }).click();
      await shell.choose(title);
      await shell.shows(`${title} has failed`);
      await shell.shows(message);
      await app.logic.waitFor(new RegExp(`${nameOf(title)} 1\\.0\\.0 .* for anonymous on the admin site: `));
      await shell.content.getByText("Details for the author").click();
      await shell.shows(new RegExp(`${nameOf(title)} 1\\.0\\.0`));
      await shell.choose("Home");
      await shell.sees(shell.tile(title).getByText("Failed"));
      await shell.choose("Good");
      await shell.content.getByRole("button", { name: "Count 0" }).click();
      await shell.shows("Count 1");
    },
  );

  it("is imported again by a press on “Try again”", async () => {
    const shell = await app.open("/app/peek_plugin_good");
    const person = shell.page.context();
    await person.route(/peek_plugin_good\/.*main\.js/, (route) => route.abort());
    await shell.page.reload();
    await shell.shows("Good has failed");
    await person.unroute(/peek_plugin_good\/.*main\.js/);
    await shell.content.getByRole("button", { name: "Try again" }).click();
    await shell.shows("Count 0");
    await shell.choose("Home");
    await shell.sees(shell.tile("Good"));
    expect(await shell.tile("Good").getByText("Failed").count()).toBe(0);
  });

  it("in a handler, in a promise, or by blocking, keeps its page, which says what failed", async () => {
    const shell = await app.open("/app/peek_plugin_handlers");
    for (const [button, message] of [
      ["Throw", "broken handler"],
      ["Reject", "broken promise"],
      ["Block", /blocked the app for 2\.\d seconds/],
    ] as const) {
      await shell.content.getByRole("button", { name: button }).click();
      await shell.shows(message);
      await shell.shows("Still here");
      await shell.content.getByRole("button", { name: "Dismiss" }).click();
      await shell.content.getByText("An action in Handlers has failed").waitFor({ state: "detached" });
    }
    await app.logic.waitFor(/peek_plugin_handlers 1\.0\.0 .*: Error: broken handler/);
  });

  it("was built for another version of the web API: it is not loaded, and both versions are named", async () => {
    const shell = await app.open("/app/peek_plugin_newer");
    await shell.shows(/2\.0.*1\.0/);
    expect(shell.scripts.filter((url) => url.includes("peek_plugin_newer"))).toEqual([]);
  });

  it("never finishes its import: progress is shown, and after twenty seconds the failure", async () => {
    const shell = await app.open();
    await shell.page.clock.install();
    await shell.choose("Endless");
    await shell.shows("Loading Endless…");
    await shell.page.clock.fastForward(20_000);
    await shell.shows("Endless has failed");
    await shell.shows("The module was not loaded within 20 seconds.");
    await shell.choose("Good");
    await shell.shows("Count 0");
  });

  it("lacks its module: the page says what to do", async () => {
    const shell = await app.open("/app/peek_plugin_missing");
    await shell.shows("Missing has failed");
    await shell.shows(/main\.js/);
  });
});
