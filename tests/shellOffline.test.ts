import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import type { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";
import { addUser } from "./src/users.ts";

const executable = findChromium();
const password = "correct horse";

const code = `import { useUser } from "@peek/web";
export default definePluginWeb({ routes: { "": () => import("./part.js") } });`;
const part = `import React from "react";
import { Button } from "@peek/web/ui";
export default () => React.createElement(Button, null, "Lazy part");`;

describe.skipIf(executable === undefined)("the app without a connection", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const notes = webPlugin({ name: "peek_plugin_notes", title: "Notes", code, section: { groups: ["chiefs"] } });
    const plugins = [{ ...notes, files: { ...notes.files, "web/part.js": part } }];
    app = await AdminApp.start(executable ?? "", { plugins, hasLogin: true });
    await addUser(app.home.base, "anna", password, ["admin", "chiefs"]);
    await addUser(app.home.base, "bert", password, ["admin"]);
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function logIn(shell: ShellPage, name: string): Promise<void> {
    await shell.page.getByLabel("Name").fill(name);
    await shell.page.getByLabel("Password").fill(password);
    await shell.page.getByRole("button", { name: "Log in" }).click();
  }

  /** Waits until the device has the app, and a number of files of modules. */
  async function isStored(shell: ShellPage, files: number): Promise<void> {
    await shell.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    const stored = `(async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith("peek-modules-"));
      const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return keys.flat().length;
    })()`;
    await expect.poll(() => shell.page.evaluate(stored)).toBe(files);
  }

  it("opens, with the pages of plugins that were never opened before, and goes on when the site is back", async () => {
    const shell = await app.open();
    await logIn(shell, "anna");
    await shell.sees(shell.tile("Notes"));
    await isStored(shell, 2);
    await app.logic.stop();
    await shell.goto("/app/peek_plugin_notes");
    await shell.shows("Lazy part");
    await shell.sees(shell.indicator.getByText("Offline"));
    await shell.choose("Home");
    await shell.page.reload();
    await shell.sees(shell.tile("Notes"));
    await shell.page.getByRole("button", { name: "User: anna" }).waitFor();
    await app.restartLogic();
    await shell.indicator.click();
    const now = shell.page.getByRole("button", { name: "Connect now" });
    await now.or(shell.page.getByText("The site answers.")).first().waitFor();
    await shell.sees(shell.page.getByRole("dialog").getByText("The site answers."));
    expect(await shell.page.getByText("Log in").count()).toBe(0);
  });

  it("gives nothing that one user has stored to another one", async () => {
    const shell = await app.open();
    await logIn(shell, "anna");
    await shell.sees(shell.tile("Notes"));
    await isStored(shell, 2);
    await shell.page.reload();
    await shell.sees(shell.tile("Notes"));
    const module = await shell.page.evaluate<string>(
      `fetch("/peek/web/catalogue").then((answer) => answer.json()).then(({ plugins }) => plugins[0].module)`,
    );
    const status = (): Promise<number> =>
      shell.page.evaluate(`fetch(${JSON.stringify(module)}).then(({ status }) => status)`);
    expect(await status()).toBe(200);
    await shell.page.getByRole("button", { name: "User: anna" }).click();
    await shell.page.getByRole("button", { name: "Log out" }).click();
    await logIn(shell, "bert");
    await shell.shows("No plugin has a page here for you.");
    expect(await status()).toBe(403);
    await app.logic.stop();
    await shell.page.reload();
    await shell.shows("No plugin has a page here for you.");
    await shell.page.getByRole("button", { name: "User: bert" }).waitFor();
    await app.restartLogic();
  });
});
