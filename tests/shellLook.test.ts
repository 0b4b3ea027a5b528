import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import { kitModule, kitRoutes } from "./src/shell/kitModule.ts";
import type { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";

const executable = findChromium();
const shots = process.env["PEEK_TEST_SHOTS"];

const plain = `export default page(() => h("p", null, "Plain"));`;
const longTitle = "Überlanger ".repeat(18).trim();
const titles = [
  '<b onclick=alert(1)>HTML</b> & "quotes"',
  "سجل المضخات اليومية",
  "👩🏽‍🚒🚰 Emoji",
  longTitle,
  "x".repeat(200),
];

const sizes = {
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desktop: { width: 1440, height: 900 },
  wall: { width: 3840, height: 2160 },
} as const;

describe.skipIf(executable === undefined)("the look of the app", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const plugins = [
      webPlugin({
        name: "peek_plugin_kit",
        title: "Kit",
        code: kitModule,
        section: {
          icon: "blocks",
          routes: kitRoutes,
          showInTitleBar: true,
          commands: [{ id: "run", title: "Run it" }],
        },
      }),
      webPlugin({ name: "peek_plugin_broken", title: "Broken", code: `throw new Error("broken");` }),
      ...titles.map((title, index) => webPlugin({ name: `peek_plugin_title${index}`, title, code: plain })),
    ];
    app = await AdminApp.start(executable ?? "", { plugins });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function openIn(theme: string, path = "/"): Promise<ShellPage> {
    const shell = await app.open("/peek/session");
    await shell.page.evaluate(`localStorage.setItem("peek.settings", ${JSON.stringify(JSON.stringify({ theme }))})`);
    await shell.goto(path);
    return shell;
  }

  async function shot(shell: ShellPage, name: string): Promise<void> {
    if (shots !== undefined) await shell.page.screenshot({ path: `${shots}/${name}.png` });
  }

  async function violations(shell: ShellPage): Promise<readonly string[]> {
    const { violations } = await new AxeBuilder({ page: shell.page }).analyze();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html.slice(0, 300)} ${failureSummary ?? ""}`),
    );
  }

  it.each(["light", "dark", "contrast"])("has no violations by axe on any page in the theme %s", async (theme) => {
    const shell = await openIn(theme);
    const check = async (name: string): Promise<void> => {
      await shot(shell, `${name}-${theme}`);
      expect(await violations(shell), `${name} in ${theme}`).toEqual([]);
    };
    await shell.sees(shell.tile("Kit"));
    await check("home");
    await shell.choose("Kit");
    await shell.shows("Components");
    await check("kit");
    await shell.content.getByRole("button", { name: "Save" }).click();
    await shell.shows("Enter a value.");
    await check("kit-errors");
    await shell.content.getByRole("button", { name: "Add" }).click();
    await shell.page.getByRole("dialog", { name: "Add a pump" }).waitFor();
    await check("kit-dialog");
    await shell.page.keyboard.press("Escape");
    await shell.content.getByRole("button", { name: "Kind" }).click();
    await shell.page.getByRole("option", { name: "Valve" }).waitFor();
    await check("kit-select");
    await shell.page.getByRole("option", { name: "Valve" }).click();
    for (const [path, text] of [
      ["/app/peek_plugin_kit/table", "Row 1"],
      ["/app/peek_plugin_kit/chart", "Pump 1"],
      ["/app/settings", "Theme"],
      ["/app/about", "Web API"],
      ["/app/nothing", "This page does not exist"],
      ["/app/peek_plugin_broken", "Broken has failed"],
    ] as const) {
      await shell.goto(path);
      await shell.shows(text);
      await check(path.split("/").at(-1) ?? "");
    }
    await shell.indicator.click();
    await shell.page.getByRole("dialog", { name: "Connection" }).waitFor();
    await check("connection");
    await shell.page.keyboard.press("Escape");
    await shell.page.keyboard.press("Control+k");
    await shell.page.getByRole("menuitem", { name: /Run it/ }).waitFor();
    await check("palette");
    expect(shell.faults).toEqual([]);
  });

  it.each(Object.entries(sizes))("fits on a %s, also with long, foreign and hostile titles", async (name, size) => {
    const shell = await openIn("light");
    await shell.page.setViewportSize(size);
    for (const path of [
      "/",
      "/app/peek_plugin_kit",
      "/app/peek_plugin_kit/table",
      "/app/peek_plugin_title4",
      "/app/about",
    ]) {
      await shell.goto(path);
      await shell.content.locator(":scope > :not(:empty)").first().waitFor();
      await shot(shell, `${name}${path.replaceAll("/", "-")}`);
      const overflow = await shell.page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overflow, `${path} on a ${name} is wider than the screen`).toBe(0);
    }
    await shell.goto("/");
    for (const title of titles) await shell.sees(shell.tile(title.slice(0, 40)).first());
    expect(await shell.content.locator(".shell-tile b").count()).toBe(0);
  });

  it("works with the keyboard alone: skip link, palette, menu, dialog", async () => {
    const shell = await openIn("light");
    await shell.sees(shell.tile("Kit"));
    const { keyboard } = shell.page;
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await shell.page.waitForFunction("document.activeElement?.id === 'content'");
    await keyboard.press("Control+k");
    await shell.page.getByRole("searchbox").waitFor();
    await keyboard.type("kit tab");
    await shell.page.getByRole("menuitem", { name: /^Table/ }).waitFor();
    await keyboard.press("Enter");
    const grid = shell.content.getByRole("grid", { name: "Rows" });
    await grid.focus();
    await keyboard.press("End");
    await shell.shows("Row 9999");
    await keyboard.press("Home");
    await shell.shows("Row 0");
    await keyboard.press("ArrowDown");
    await grid.locator('[role=row][data-active="true"]', { hasText: "Row 1" }).waitFor();
  });

  it("shows a choice that is read-only as a text that nobody can change", async () => {
    const shell = await openIn("light", "/app/peek_plugin_kit");
    const kind = shell.content.getByLabel("Fixed kind");
    await shell.sees(kind);
    expect(await kind.inputValue()).toBe("Pump");
    expect(await kind.isEditable()).toBe(false);
  });

  it("speaks German, and writes times as the settings say", async () => {
    const shell = await openIn("light", "/app/settings");
    await shell.content.getByLabel("Language").selectOption("de");
    await shell.shows("Einstellungen");
    await shell.content.getByLabel("Zeitzone").selectOption("Asia/Tokyo");
    await shell.goto("/app/peek_plugin_kit");
    await shell.shows("Stand");
    expect(await shell.page.locator("html").getAttribute("lang")).toBe("de");
    await shell.content.getByRole("button", { name: "Save" }).click();
    await shell.shows("Geben Sie einen Wert ein.");
  });
});
