import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Chromium, findChromium, tutorialPath } from "./src/Chromium.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";
import { ShellPage } from "./src/shell/ShellPage.ts";

const executable = findChromium();

/** Narrower ones are missed with gloves. */
const smallestTarget = 48;

describe.skipIf(executable === undefined)("live data in the app of field", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let chromium: Chromium;

  beforeAll(async () => {
    const [started, browser] = await Promise.all([LiveServices.start(), Chromium.start(executable ?? "")]);
    services = owned.use(started);
    chromium = owned.use(browser);
    field = await services.startBeside("field");
  });

  afterAll(() => owned.disposeAsync());

  async function open(path = "/"): Promise<ShellPage> {
    return ShellPage.open(owned.use(await chromium.person()), field.origin, path);
  }

  it("the tile shows a value of the plugin, whose code is not loaded, and follows it", async () => {
    const shell = await open();
    await using database = await services.database();
    const value = shell.tile("Tutorial").locator('.shell-badge[data-live="true"] [aria-hidden]');
    await shell.sees(value);
    const before = Number(await value.innerText());
    await database.query("INSERT INTO pl_tutorial.string_int (string1, int1) VALUES ('new', 1)");
    await shell.sees(value.getByText(String(before + 1), { exact: true }));
    await database.query("DELETE FROM pl_tutorial.string_int WHERE string1 = 'new'");
    await shell.sees(value.getByText(String(before), { exact: true }));
    expect(shell.scripts.filter((url) => url.includes("/peek/web/modules/"))).toEqual([]);
  });

  it("a command of the plugin runs from any page, by the keyboard", async () => {
    const shell = await open("/app/about");
    await shell.shows("Web API");
    await using database = await services.database();
    const number = async (): Promise<unknown> =>
      (await database.query("SELECT int1 FROM pl_tutorial.string_int WHERE id = 1"))[0]?.["int1"];
    const before = Number(await number());
    await shell.page.keyboard.press("Control+k");
    await shell.page.getByRole("menuitem", { name: /Add 1 to row 1/ }).waitFor();
    await shell.page.keyboard.type("increase");
    await shell.page.getByRole("menuitem").nth(1).waitFor({ state: "detached" });
    await shell.page.keyboard.press("Enter");
    await expect.poll(number).toBe(before + 1);
  });

  it("says since when data is stale and why, lists what waits, and goes on by itself", async () => {
    const shell = await open(tutorialPath);
    await shell.sees(shell.indicator.getByText("Live", { exact: true }));
    const row = shell.content.locator('tr[data-id="1"]');
    await shell.sees(row);
    await services.killLogic();
    await shell.sees(shell.indicator.getByText(/^Stale since \d\d:\d\d:\d\d$/));
    await row.getByRole("button", { name: "+1", exact: true }).click();
    await shell.sees(shell.indicator.getByText("1 pending"));
    await shell.indicator.click();
    const drawer = shell.page.getByRole("dialog", { name: "Connection" });
    await shell.sees(drawer.getByText("Tutorial: Add int value"));
    await shell.sees(drawer.getByText(/logic/));
    await shell.page.keyboard.press("Escape");
    await shell.choose("Home");
    await shell.sees(shell.tile("Tutorial").locator('.shell-badge[data-live="false"]'));
    await services.startLogic();
    await shell.sees(shell.indicator.getByText("Live", { exact: true }));
    await shell.indicator.getByText("1 pending").waitFor({ state: "detached" });
    await shell.sees(shell.tile("Tutorial").locator('.shell-badge[data-live="true"]'));
  });

  it("everything that is pressed is large enough for gloves", async () => {
    const shell = await open(tutorialPath);
    await shell.sees(shell.content.locator('tr[data-id="1"]'));
    const small = `[...document.querySelectorAll("button, select, .shell-menu a")]
      .filter((element) => element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().height < ${smallestTarget})
      .map((element) => element.outerHTML.slice(0, 100))`;
    for (const path of [tutorialPath, "/", "/app/settings"]) {
      await shell.goto(path);
      await shell.sees(shell.content.getByRole("heading", { level: 1 }).first());
      expect(await shell.page.evaluate(small)).toEqual([]);
    }
  });
});
