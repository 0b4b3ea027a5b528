import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { pump, pumpArchive } from "./src/pumpArchive.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import type { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";

const executable = findChromium();

/** A module with a form, whose pages show its version. */
const moduleCode = (version: string): string => `import React from "react";
import { definePluginWeb, useForm } from "@peek/web";
import { z } from "zod";
const h = React.createElement;
const Form = () => {
  const form = useForm(z.object({ note: z.string() }), { onSubmit: () => undefined });
  const { value = "", onChange } = form.field("note");
  return h("form", { onSubmit: (event) => { event.preventDefault(); form.submit(); } },
    h("p", null, "Form of ${version}"),
    h("label", null, "Note", h("input", { value, onChange: (event) => onChange(event.target.value) })),
    h("button", null, "Save"));
};
const Other = () => h("p", null, "Other page of ${version}");
let ended = 0;
export default definePluginWeb({
  routes: { "": async () => ({ default: Form }), other: async () => ({ default: Other }) },
  start: ({ signal }) => {
    signal.addEventListener("abort", () => { document.body.dataset.ended = "${version} " + ++ended; });
  },
});`;

function archiveOf(base: string, version: string): Promise<string> {
  const routes = [
    { path: "", title: "Form" },
    { path: "other", title: "Other" },
  ];
  const built = { format: 1, plugin: pump, webApi: "1.0", module: "main.js", styles: [] };
  return pumpArchive(base, {
    version,
    services: ["logic"],
    sections: { admin: { web: { dir: "web", title: "Pumps", routes } } },
    files: { "web/peek-web.json": JSON.stringify(built), "web/main.js": moduleCode(version) },
  });
}

describe.skipIf(executable === undefined)("plugins that change while the app is open", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const code = `export default page(() => h("input", { "aria-label": "Kept" }));`;
    const plugins = [webPlugin({ name: "peek_plugin_other", title: "Bystander", code })];
    app = await AdminApp.start(executable ?? "", { plugins });
    await app.plugin("install", await archiveOf(app.home.base, "1.0.0"));
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const note = (shell: ShellPage) => shell.content.getByLabel("Note");

  it("appear and disappear in menu and tiles, and the input in another plugin's page stays", async () => {
    const [home, bystander] = [await app.open(), await app.open("/app/peek_plugin_other")];
    await bystander.content.getByLabel("Kept").fill("typed");
    await home.sees(home.tile("Pumps"));
    await app.plugin("disable", pump);
    await home.tile("Pumps").waitFor({ state: "detached" });
    await bystander.menuLink("Pumps").waitFor({ state: "detached" });
    await app.plugin("enable", pump);
    await home.sees(home.tile("Pumps"));
    await bystander.sees(bystander.menuLink("Pumps"));
    expect(await bystander.content.getByLabel("Kept").inputValue()).toBe("typed");
  });

  it("keep what was typed in an open page until the user takes the new version", async () => {
    const shell = await app.open(`/app/${pump}`);
    await shell.shows("Form of 1.0.0");
    await note(shell).fill("unsaved");
    await app.plugin("upgrade", await archiveOf(app.home.base, "1.1.0"));
    await shell.shows("A new version of Pumps is ready.");
    await shell.shows("Your input on this page is lost");
    expect(await note(shell).inputValue()).toBe("unsaved");
    await shell.shows("Form of 1.0.0");
    await shell.content.getByRole("button", { name: "Reload this page" }).click();
    await shell.shows("Form of 1.1.0");
    expect(await note(shell).inputValue()).toBe("");
    await shell.page.locator('body[data-ended="1.0.0 1"]').waitFor();
  });

  it("show the new version in a page that is opened after the change, without asking", async () => {
    const shell = await app.open(`/app/${pump}`);
    await shell.shows("Form of 1.1.0");
    await app.plugin("rollback", pump);
    await shell.shows("A new version of Pumps is ready.");
    await shell.choose("Other");
    await shell.shows("Other page of 1.0.0");
  });

  it("say that they were disabled, and keep a page with input until it is left", async () => {
    const [clean, dirty] = [await app.open(`/app/${pump}/other`), await app.open(`/app/${pump}`)];
    await clean.shows("Other page");
    await note(dirty).fill("unsaved");
    await app.plugin("disable", pump);
    await clean.shows("Pumps is no longer available");
    await dirty.shows("Pumps is no longer available");
    expect(await note(dirty).inputValue()).toBe("unsaved");
    await dirty.choose("Bystander");
    const dialog = dirty.page.getByRole("dialog", { name: "Leave this page?" });
    await dialog.getByRole("button", { name: "Stay" }).click();
    expect(await note(dirty).inputValue()).toBe("unsaved");
    await dirty.choose("Bystander");
    await dialog.getByRole("button", { name: "Leave" }).click();
    await dirty.sees(dirty.content.getByLabel("Kept"));
    await app.plugin("enable", pump);
    await clean.shows("Other page");
  });

  it("ask before the browser goes back from a page with input", async () => {
    const shell = await app.open();
    await shell.tile("Pumps").click();
    await note(shell).fill("unsaved");
    await shell.page.goBack();
    const dialog = shell.page.getByRole("dialog", { name: "Leave this page?" });
    await dialog.getByRole("button", { name: "Stay" }).click();
    expect(new URL(shell.page.url()).pathname).toBe(`/app/${pump}`);
    expect(await note(shell).inputValue()).toBe("unsaved");
    await shell.content.getByRole("button", { name: "Save" }).click();
    await shell.page.goBack();
    await shell.sees(shell.tile("Pumps"));
  });
});
