import { join } from "node:path";
import type { BrowserContext, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import { kitModule, kitRoutes } from "./src/shell/kitModule.ts";
import { PictureComparison } from "./src/shell/PictureComparison.ts";
import { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";
import { addUser } from "./src/users.ts";
import { workspaceDir } from "./src/workspace.ts";

const executable = findChromium();
const password = "correct horse";
const folder = join(workspaceDir, "tests", "pictures");
/** Without a change the share is 0. A space of 24 pixels above a page changes at least a fifth of it. */
const tolerance = 0.15;

describe.skipIf(executable === undefined)("pictures of the app", () => {
  let app: AdminApp;
  let pictures: PictureComparison;

  beforeAll(async () => {
    const section = { icon: "blocks", routes: kitRoutes, showInTitleBar: true };
    const plugins = [
      webPlugin({ name: "peek_plugin_kit", title: "Kit", code: kitModule, section }),
      webPlugin({ name: "peek_plugin_pumps", title: "Pumps", code: `export default page(() => "Pumps");` }),
    ];
    app = await AdminApp.start(executable ?? "", { plugins, hasLogin: true });
    await addUser(app.home.base, "anna", password, ["admin"]);
    pictures = new PictureComparison(folder, await (await app.chromium.person()).newPage());
  });

  afterAll(() => app[Symbol.asyncDispose]());

  /** A person at a desk. */
  async function at(colorScheme: "light" | "dark"): Promise<BrowserContext> {
    const viewport = { width: 1440, height: 900 };
    return await app.chromium.person({
      colorScheme,
      viewport,
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
    });
  }

  const difference = async (shell: ShellPage, name: string): Promise<number> =>
    await pictures.difference(name, await shell.page.screenshot({ animations: "disabled", caret: "hide" }));

  it.each(["light", "dark"] as const)("are those that were looked at, in the theme %s", async (scheme) => {
    await using person = await at(scheme);
    const shell = await ShellPage.open(person, app.origin);
    const looksAsBefore = async (name: string, shown: Locator): Promise<void> => {
      await shell.sees(shown);
      // Its icons are shown too.
      await shell.page.waitForLoadState("networkidle");
      await expect
        .soft(difference(shell, `${name}-${scheme}`), `${name} in ${scheme}`)
        .resolves.toBeLessThan(tolerance);
    };
    const logIn = shell.page.getByRole("button", { name: "Log in" });
    await looksAsBefore("login", logIn);
    await shell.page.getByLabel("Name").fill("anna");
    await shell.page.getByLabel("Password").fill(password);
    await logIn.click();
    await shell.sees(shell.indicator.locator("[data-status=live]"));
    await looksAsBefore("home", shell.tile("Pumps"));
    await shell.goto("/app/peek_plugin_kit/table");
    await looksAsBefore("table", shell.content.getByText("Row 1", { exact: true }));
    await shell.goto("/app/peek_plugin_kit");
    await shell.content.getByRole("button", { name: "Save" }).click();
    await looksAsBefore("form", shell.content.getByText("Enter a value.").first());
  });

  it("differ from those of a page that is larger, has no spaces, or has another theme", async () => {
    await using person = await at("light");
    const shell = await ShellPage.open(person, app.origin);
    await shell.sees(shell.page.getByRole("button", { name: "Log in" }));
    expect(await difference(shell, "login-dark")).toBeGreaterThan(0.5);
    const withStyle = async (css: string): Promise<number> => {
      await shell.page.evaluate(`{
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(${JSON.stringify(css)});
        document.adoptedStyleSheets = [sheet];
      }`);
      return await difference(shell, "login-light");
    };
    expect(await withStyle("")).toBeLessThan(tolerance);
    expect(await withStyle("body { zoom: 1.1 }")).toBeGreaterThan(tolerance);
    expect(await withStyle("* { padding: 0 !important; gap: 0 !important }")).toBeGreaterThan(tolerance);
  });
});
