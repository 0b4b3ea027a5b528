import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Locator, Page, ViewportSize } from "playwright-core";
import { Chromium, findChromium, TutorialPage } from "./src/Chromium.ts";
import { LiveServices } from "./src/LiveServices.ts";
import { kitPlugin } from "./src/kitPlugin.ts";
import { workspaceDir } from "./src/workspace.ts";

// Makes the pictures in docs/images, from real services and a real browser: pnpm screenshots

const executable = findChromium();
if (executable === undefined) throw new Error("Install Chromium, or set PEEK_TEST_CHROMIUM to its path.");

const images = join(workspaceDir, "docs", "images");
await mkdir(images, { recursive: true });
await using services = await LiveServices.start({ besides: [await kitPlugin()] });
const [field, office] = await Promise.all([services.startBeside("field"), services.startBeside("office")]);
await using database = await services.database();
await database.query("UPDATE pl_tutorial.string_int SET string1 = 'Pump 1', int1 = 230 WHERE id = 1");
for (const [name, value] of [
  ["Pump 2", 228],
  ["Valve north", 41],
  ["Feeder 7", 11_020],
  ["Reservoir, level in mm", 5310],
] as const) {
  await database.query("INSERT INTO pl_tutorial.string_int (string1, int1) VALUES ($1, $2)", [name, value]);
}
await using chromium = await Chromium.start(executable);

/** A person with a screen of this size. */
async function personWith(viewport: ViewportSize, colorScheme: "light" | "dark", scale = 2): Promise<BrowserContext> {
  return await chromium.person({ viewport, colorScheme, locale: "en-GB", timezoneId: "UTC", deviceScaleFactor: scale });
}

async function save(page: Page | Locator, name: string): Promise<Buffer> {
  const picture = await page.screenshot();
  await writeFile(join(images, name), picture);
  return picture;
}

await using desk = await personWith({ width: 1120, height: 700 }, "light");
const onDesk = await TutorialPage.open(desk, office.origin);
await onDesk.showsNumber(11_020, 4);
const wide = await onDesk.page.screenshot();
await onDesk.page.goto(office.origin);
await onDesk.page
  .getByRole("main")
  .getByRole("link", { name: /Tutorial/ })
  .waitFor();
await onDesk.showsConnection("live");
await save(onDesk.page, "office-app-home.png");

await using crew = await personWith({ width: 390, height: 760 }, "dark");
const onPhone = await TutorialPage.open(crew, field.origin);
await onPhone.showsNumber(230);
await onPhone.showsConnection("live");
await crew.setOffline(true);
await onPhone.showsConnection("offline");
await onPhone.press("+1");
await onPhone.press("+1");
await onPhone.showsPending(2);
const narrow = await save(onPhone.page, "field-app-rows.png");

for (const page of ["actions", "fields", "data"]) {
  for (const scheme of ["light", "dark"] as const) {
    await using person = await personWith({ width: 1120, height: 1700 }, scheme, 1);
    const shown = await person.newPage();
    await shown.goto(`${office.origin}/app/peek_plugin_kit/${page}`);
    await shown.locator(".example").last().waitFor();
    await shown.locator(".shell-state[data-status=live]").waitFor();
    await save(shown.locator(".examples"), `kit-${page}-${scheme}.png`);
  }
}

const both = await (await personWith({ width: 1528, height: 732 }, "light")).newPage();
const source = (picture: Buffer): string => `data:image/png;base64,${picture.toString("base64")}`;
await both.setContent(`
  <body style="margin: 0; padding: 16px; display: flex; gap: 16px; background: white">
    <img src="${source(wide)}" style="height: 700px; border-radius: 8px; outline: 1px solid #ccd3da">
    <img src="${source(narrow)}" style="height: 700px; border-radius: 8px">
  </body>`);
await both.locator("img").last().evaluate("(image) => image.decode()");
await save(both, "apps.png");
