import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Chromium, findChromium, TutorialPage } from "./src/Chromium.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";

const executable = findChromium();

describe.skipIf(executable === undefined)("the tutorial's page in a browser", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let office: LiveService;
  let database: DatabaseClient;
  let chromium: Chromium;

  beforeAll(async () => {
    const [started, browser] = await Promise.all([LiveServices.start(), Chromium.start(executable ?? "")]);
    services = owned.use(started);
    chromium = owned.use(browser);
    [field, office] = await Promise.all([services.startBeside("field"), services.startBeside("office")]);
    database = owned.use(await services.database());
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const reset = async (string1: string, int1: number): Promise<void> => {
    await database.query("UPDATE pl_tutorial.string_int SET string1 = $1, int1 = $2 WHERE id = 1", [string1, int1]);
  };
  const stored = async (): Promise<unknown> => {
    const [row] = await database.query("SELECT string1, int1 FROM pl_tutorial.string_int WHERE id = 1");
    return row;
  };

  it("shows a change of another user, on any service, and a change in the database", async () => {
    await reset("one", 1);
    await using anna = await chromium.person();
    await using bert = await chromium.person();
    const onField = await TutorialPage.open(anna, field.origin);
    const onOffice = await TutorialPage.open(bert, office.origin);
    await Promise.all([onField.showsNumber(1), onOffice.showsNumber(1)]);
    await onField.press("+1");
    await onOffice.showsNumber(2);
    await onOffice.press("Aa");
    await onField.showsText("ONE");
    expect(await stored()).toEqual({ string1: "ONE", int1: 2 });

    await reset("from psql", 77);
    await Promise.all([onField.showsNumber(77), onOffice.showsNumber(77)]);
    await Promise.all([onField.showsPending(0), onOffice.showsPending(0)]);
    await Promise.all([onField.showsConnection("live"), onOffice.showsConnection("live")]);
  });

  it("shows the age of its data while the database hangs, also in a new page, and never that it is live", async () => {
    await using anna = await chromium.person();
    await using bert = await chromium.person();
    const before = await TutorialPage.open(anna, field.origin);
    await before.showsConnection("live");
    const goOn = await services.hangDatabase();
    expect(await before.showsAge()).toMatch(/^As of \d\d:\d\d:\d\d: the database does not answer$/i);
    const after = await TutorialPage.open(bert, field.origin);
    await after.showsAge();
    for (const each of [before, after]) {
      await each.showsConnection("stale");
      expect(await each.countLive()).toBe(0);
    }
    goOn();
    for (const each of [before, after]) {
      await each.showsConnection("live");
      expect(await each.page.locator(".notices").innerText()).toBe("");
    }
  });

  it("keeps an action that was pushed offline over a reload, and it is executed once", async () => {
    await reset("one", 10);
    await using anna = await chromium.person();
    await using bert = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    const other = await TutorialPage.open(bert, office.origin);
    await Promise.all([page.showsNumber(10), other.showsNumber(10)]);
    const numbers = await other.numbersFromNow();

    await anna.setOffline(true);
    await page.showsConnection("offline");
    await page.press("+1");
    await page.press("+1");
    await page.press("Aa");
    await page.showsNumber(12);
    await page.showsText("ONE");
    await page.showsPending(3);

    await anna.setOffline(false);
    await page.page.reload();
    await other.showsNumber(12);
    await other.showsText("ONE");
    await page.showsConnection("live");
    await page.showsPending(0);
    await page.showsNumber(12);
    expect(await stored()).toEqual({ string1: "ONE", int1: 12 });
    expect(await numbers()).toEqual(expect.arrayContaining(["10", "12"]));
    for (const number of await numbers()) expect(["10", "11", "12"]).toContain(number);
  });

  it("that was closed offline with a pending action sends it when it is opened again", async () => {
    await reset("one", 20);
    await using anna = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(20);
    await anna.setOffline(true);
    await page.showsConnection("offline");
    await page.press("+1");
    await page.showsPending(1);
    await page.page.close();
    expect(await stored()).toEqual({ string1: "one", int1: 20 });
    await anna.setOffline(false);
    const again = await TutorialPage.open(anna, field.origin);
    await again.showsNumber(21);
    await again.showsPending(0);
    expect(await stored()).toEqual({ string1: "one", int1: 21 });
  });

  it("in two tabs shows the actions of the other tab, also offline, and each is executed once", async () => {
    await reset("one", 30);
    await using anna = await chromium.person();
    const [one, other] = await Promise.all([
      TutorialPage.open(anna, field.origin),
      TutorialPage.open(anna, field.origin),
    ]);
    await Promise.all([one.showsNumber(30), other.showsNumber(30)]);
    await one.press("+1");
    await Promise.all([one.showsNumber(31), other.showsNumber(31)]);
    await Promise.all([one.showsPending(0), other.showsPending(0)]);
    await anna.setOffline(true);
    await Promise.all([one.showsConnection("offline"), other.showsConnection("offline")]);
    await one.press("+1");
    await other.press("+1");
    await Promise.all([one.showsNumber(33), other.showsNumber(33)]);
    await Promise.all([one.showsPending(2), other.showsPending(2)]);
    // This tab may be the one that sends.
    await one.page.close();
    await anna.setOffline(false);
    await other.showsPending(0);
    await other.showsNumber(33);
    expect(await stored()).toEqual({ string1: "one", int1: 33 });
  });

  it("shows the same page again when the browser has lost the identity of the device", async () => {
    await reset("one", 35);
    await using anna = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(35);
    await page.showsConnection("live");
    const reloaded = page.page.waitForEvent("load");
    await anna.clearCookies();
    await anna.setOffline(true);
    await page.showsConnection("offline");
    await anna.setOffline(false);
    await reloaded;
    await page.showsNumber(35);
    await page.showsConnection("live");
  });

  it("paints its stored data before the service answers", async () => {
    await reset("one", 40);
    await using anna = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(40);
    await vi.waitFor(async () => expect(await page.keptTuples()).toContain('"int1":40'), {
      timeout: 5000,
      interval: 50,
    });
    // The page is served, but the connection for live data is not.
    await anna.routeWebSocket(/\/vortex$/, () => undefined);
    await page.page.reload();
    await page.showsNumber(40);
    await page.page.getByText("From this device: the service has not answered yet").waitFor();
  });

  it("shows a rejected action, and works on", async () => {
    await reset("one", 2_147_483_647);
    await using anna = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(2_147_483_647);
    await page.press("+1");
    await page.page.getByText("+1 in row 1: The number would be too large").waitFor();
    await page.press("Aa");
    await page.showsText("ONE");
    await page.page.getByRole("button", { name: "Dismiss" }).click();
    await page.showsPending(0);
    expect(await stored()).toEqual({ string1: "ONE", int1: 2_147_483_647 });
  });

  it("reports an action that the device cannot store, and does not show its effect", async () => {
    await reset("one", 7);
    await using anna = await chromium.person();
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(7);
    await page.page.evaluate(`
      IDBObjectStore.prototype.add = IDBObjectStore.prototype.put = () => {
        throw new DOMException("The device is full", "QuotaExceededError");
      };
    `);
    await page.press("+1");
    await page.page.locator('.notices [role="alert"]').waitFor();
    await page.showsPending(0);
    await page.showsNumber(7);
    expect(await stored()).toEqual({ string1: "one", int1: 7 });
  });

  it("works without storage on the device, and says so", async () => {
    await reset("one", 3);
    await using anna = await chromium.person();
    await anna.addInitScript(`
      Object.defineProperty(globalThis, "indexedDB", {
        get() {
          throw new DOMException("Access is denied for this document", "SecurityError");
        },
      });
    `);
    const page = await TutorialPage.open(anna, field.origin);
    await page.showsNumber(3);
    await page.page.locator(".shell-indicator").click();
    await page.page.getByText("This browser stores nothing: pending changes are lost").waitFor();
    await page.page.keyboard.press("Escape");
    await page.press("+1");
    await page.showsNumber(4);
    await page.showsPending(0);
    expect(await stored()).toEqual({ string1: "one", int1: 4 });
  });

  it("has a tile with a live count, a command, and a page with a form for each row", async () => {
    await reset("one", 1);
    await using anna = await chromium.person();
    const { page } = await TutorialPage.open(anna, office.origin);
    await page.getByRole("link", { name: "Home", exact: true }).first().click();
    const tile = page.getByRole("main").getByRole("link", { name: /Tutorial/ });
    const showsCount = (count: number): Promise<void> => tile.getByText(`Value: ${count}`, { exact: true }).waitFor();
    await showsCount(1);
    await database.query("INSERT INTO pl_tutorial.string_int (string1, int1) VALUES ('another', 5)");
    await showsCount(2);
    await database.query("DELETE FROM pl_tutorial.string_int WHERE string1 = 'another'");
    await showsCount(1);
    await tile.click();

    await page.getByRole("link", { name: "1", exact: true }).click();
    await page.waitForURL(/\/app\/peek_plugin_tutorial\/rows\/1$/);
    const number = page.locator(".number");
    await number.filter({ hasText: "one: 1" }).waitFor();
    await page.getByRole("textbox", { name: "Amount" }).fill("40");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await number.filter({ hasText: "one: 41" }).waitFor();

    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill("increase");
    await page.getByRole("menuitem", { name: /Add 1 to row 1/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("1 is added to row 1.").waitFor();
    await number.filter({ hasText: "one: 42" }).waitFor();
    await expect.poll(stored).toEqual({ string1: "one", int1: 42 });
  });

  it.each(["light", "dark"] as const)(
    "has no violations by axe, live and offline, in the %s theme",
    async (colorScheme) => {
      await reset("one", 1);
      await using anna = await chromium.person({ colorScheme });
      const rows = await TutorialPage.open(anna, field.origin);
      await rows.showsConnection("live");
      await rows.showsNumber(1);
      const violations = async (): Promise<readonly string[]> => {
        const found = await new AxeBuilder({ page: rows.page }).analyze();
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
      };
      expect(await violations()).toEqual([]);
      await anna.setOffline(true);
      await rows.showsConnection("offline");
      await rows.press("+1");
      await rows.showsPending(1);
      await rows.showsAge();
      expect(await violations()).toEqual([]);
      await anna.setOffline(false);
      await rows.showsPending(0);
      await rows.page.getByRole("link", { name: "1", exact: true }).click();
      await rows.page.getByRole("button", { name: "Add", exact: true }).click();
      await rows.page.getByText("Enter a value.").first().waitFor();
      expect(await violations()).toEqual([]);
    },
  );
});
