import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import type { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";
import { addUser } from "./src/users.ts";

const executable = findChromium();
const password = "correct horse";

const code = `import { useUser, useRouteParams, useForm } from "@peek/web";
import { z } from "zod";
const Form = () => {
  const form = useForm(z.object({ note: z.string() }), { onSubmit: () => undefined });
  const { value = "", onChange } = form.field("note");
  return h(React.Fragment, null, h("p", null, "Form of " + useUser().name),
    h("input", { "aria-label": "Note", value, onChange: (event) => onChange(event.target.value) }));
};
const Row = () => h("p", null, "Row " + useRouteParams().id);
export default definePluginWeb({ routes: { "": async () => ({ default: Form }), "rows/:id": async () => ({ default: Row }) } });`;

describe.skipIf(executable === undefined)("the session of the app", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const routes = [
      { path: "", title: "Notes" },
      { path: "rows/:id", title: "Row" },
    ];
    const plugins = [
      webPlugin({ name: "peek_plugin_notes", title: "Notes", code, section: { routes } }),
      webPlugin({
        name: "peek_plugin_secret",
        title: "Secret",
        code: `export default page(() => "x");`,
        section: { groups: ["chiefs"] },
      }),
    ];
    app = await AdminApp.start(executable ?? "", { plugins, hasLogin: true });
    await addUser(app.home.base, "anna", password, ["admin"]);
    await addUser(app.home.base, "bert", password, ["admin", "chiefs"]);
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function logIn(shell: ShellPage, name: string): Promise<void> {
    await shell.page.getByLabel("Name").fill(name);
    await shell.page.getByLabel("Password").fill(password);
    await shell.page.getByRole("button", { name: "Log in" }).click();
  }

  /** Ends the session of a page, as another tab does that logs out. */
  async function endSession(shell: ShellPage): Promise<void> {
    await shell.page.context().request.post(`${app.origin}/peek/logout`, { headers: { origin: app.origin } });
  }

  const dialog = (shell: ShellPage) => shell.page.getByRole("dialog", { name: "Log in" });

  it("leads a deep link through the login, and back and forward", async () => {
    const shell = await app.open("/app/peek_plugin_notes/rows/a%20b");
    await logIn(shell, "anna");
    await shell.shows("Row a b");
    await shell.page.reload();
    await shell.shows("Row a b");
    await shell.choose("Home");
    await shell.sees(shell.tile("Notes"));
    await shell.page.goBack();
    await shell.shows("Row a b");
    await shell.page.goForward();
    await shell.sees(shell.tile("Notes"));
    await shell.goto("/app/peek_plugin_notes/nothing");
    await shell.shows("This page does not exist");
    await shell.goto("/app/nothing");
    await shell.shows("This page does not exist");
  });

  it("asks again on top of the page when it has ended: what was typed stays", async () => {
    const shell = await app.open("/app/peek_plugin_notes");
    await logIn(shell, "anna");
    await shell.content.getByLabel("Note").fill("typed");
    await endSession(shell);
    await shell.sees(dialog(shell));
    await dialog(shell).getByLabel("Password").fill("wrong");
    await dialog(shell).getByRole("button", { name: "Log in" }).click();
    await shell.sees(dialog(shell).getByText(/wrong/));
    await dialog(shell).getByLabel("Password").fill(password);
    await dialog(shell).getByRole("button", { name: "Log in" }).click();
    await dialog(shell).waitFor({ state: "detached" });
    expect(await shell.content.getByLabel("Note").inputValue()).toBe("typed");
    await shell.choose("Home");
    await shell.page.getByRole("button", { name: "Leave" }).click();
    await shell.sees(shell.tile("Notes"));
  });

  it("does not show what one user has typed to another one who logs in", async () => {
    const shell = await app.open("/app/peek_plugin_notes");
    await logIn(shell, "anna");
    await shell.content.getByLabel("Note").fill("anna's note");
    expect(await shell.menuLink("Secret").count()).toBe(0);
    await endSession(shell);
    await dialog(shell).getByLabel("Name").fill("bert");
    await dialog(shell).getByLabel("Password").fill(password);
    await dialog(shell).getByRole("button", { name: "Log in" }).click();
    await shell.sees(shell.tile("Secret"));
    await shell.choose("Notes");
    await shell.shows("Form of bert");
    expect(await shell.content.getByLabel("Note").inputValue()).toBe("");
  });

  it("is ended by “Log out”: the login page has nothing of the app", async () => {
    const shell = await app.open();
    await logIn(shell, "anna");
    await shell.sees(shell.tile("Notes"));
    await shell.page.getByRole("button", { name: "User: anna" }).click();
    await shell.page.getByRole("button", { name: "Log out" }).click();
    await shell.page.getByLabel("Password").waitFor();
    // The app may ask for a login on top of the page, before it leaves the page.
    await shell.page.getByText("Notes").first().waitFor({ state: "detached" });
    await shell.page.getByLabel("Password").waitFor();
    expect(await shell.page.getByText("Notes").count()).toBe(0);
  });
});
