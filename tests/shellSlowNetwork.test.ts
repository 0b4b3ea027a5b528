import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Chromium, findChromium, tutorialPath } from "./src/Chromium.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";
import { slow3g } from "./src/shell/slow3g.ts";
import { ShellPage } from "./src/shell/ShellPage.ts";
import { SlowLink } from "./src/SlowLink.ts";

const executable = findChromium();

/** Notes in which order a page shows progress, and the home screen. */
const noteShown = `
  globalThis.shown = [];
  const note = (name, selector) => {
    const element = document.querySelector(selector);
    if (element?.checkVisibility({ visibilityProperty: true }) && !shown.includes(name)) shown.push(name);
  };
  new MutationObserver(() => {
    note("progress", ".peek-progress");
    note("home", ".shell-tile");
  }).observe(document, { childList: true, subtree: true });
`;

describe.skipIf(executable === undefined)("the app on slow 3G with 5 % loss", () => {
  const owned = new AsyncDisposableStack();
  let field: LiveService;
  let chromium: Chromium;

  beforeAll(async () => {
    const services = owned.use(await LiveServices.start());
    field = await services.startBeside("field");
    chromium = owned.use(await Chromium.start(executable ?? ""));
  });

  afterAll(() => owned.disposeAsync());

  it("shows progress, then home, of which no file is loaded twice; then opens from the device", async () => {
    const port = Number(new URL(field.origin).port);
    await using link = await SlowLink.open({ listen: "127.0.0.2", to: "127.0.0.1", port }, slow3g);
    await using person = await chromium.person();
    await person.addInitScript(noteShown);
    const shell = await ShellPage.open(person, `http://127.0.0.2:${port}`);
    shell.page.setDefaultTimeout(60_000);
    await shell.sees(shell.tile("Tutorial"));
    expect(link.bytesDown).toBeLessThan(180 * 1024);
    expect(await shell.page.evaluate("shown")).toEqual(["progress", "home"]);
    await shell.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    // The service worker asks for the page once more, since the page may have been opened at another path.
    const files = link.requests.filter((request) => request !== "GET /");
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((request, index) => files.indexOf(request) !== index)).toEqual([]);

    const asked = link.requests.length;
    await shell.goto("/");
    await shell.sees(shell.tile("Tutorial"));
    await shell.sees(shell.indicator.locator('[data-status="live"]'));
    const again = link.requests.slice(asked);
    expect(again).toContain("GET /peek/web/catalogue");
    expect(again.filter((request) => request.includes("/peek/web/shell/") || request === "GET /")).toEqual([]);
    await shell.tile("Tutorial").click();
    await shell.page.waitForURL(`**${tutorialPath}`);
    await shell.sees(shell.content.locator('tr[data-id="1"]'));
    expect(shell.faults).toEqual([]);
  }, 180_000);
});
