import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { findChromium } from "../src/Chromium.ts";
import { pump, pumpArchive } from "../src/pumpArchive.ts";
import { AdminApp } from "../src/shell/AdminApp.ts";
import { kitModule, kitRoutes } from "../src/shell/kitModule.ts";
import { webPlugin } from "../src/shell/webPlugin.ts";
import { print } from "./print.ts";

// node --conditions=@peek/source tests/soak/shell.ts

const executable = findChromium();
if (executable === undefined) throw new Error("These figures need Chromium.");

/** 400 kbit/s with a round trip of 400 ms, of which the emulation delays the answer. */
const slow3G = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const loads = 5;
const seconds = 10;

const plain = (text: string): string => `import React from "react";
import { definePluginWeb } from "@peek/web";
export default definePluginWeb({ routes: { "": async () => ({ default: () => React.createElement("p", null, "${text}") }) } });`;

const versionOf = async (base: string, version: string): Promise<string> => {
  const built = { format: 1, plugin: pump, webApi: "1.0", module: "main.js", styles: [] };
  return pumpArchive(base, {
    version,
    services: ["logic"],
    sections: { admin: { web: { dir: "web", title: "Pumps", routes: [{ path: "", title: "Pumps" }] } } },
    files: { "web/peek-web.json": JSON.stringify(built), "web/main.js": plain(`Pumps ${version}`) },
  });
};

const plugins = [
  webPlugin({ name: "peek_plugin_kit", title: "Kit", code: kitModule, section: { routes: kitRoutes } }),
  ...Array.from({ length: 20 }, (_, index) =>
    webPlugin({ name: `peek_plugin_p${index}`, title: `Plugin ${index}`, code: plain("Plain") }),
  ),
];
await using app = await AdminApp.start(executable, { plugins });
await app.plugin("install", await versionOf(app.home.base, "1.0.0"));

const home = (page: Page): Promise<void> => page.locator(".shell-tile", { hasText: "Plugin 19" }).waitFor();
const empty = (page: Page): Promise<void> => page.getByText("Empty app").waitFor();

print("home, cold, 4 × CPU throttle, ms", await medianLoad("/", home, throttleCpu));
print("empty React app, cold, 4 × CPU throttle, ms", await medianLoad("/empty", empty, throttleCpu));
print("home, cold, slow 3G, ms", await medianLoad("/", home, slowDown), "5000");
print("home, warm, slow 3G, ms", await warmLoad(), "1000");
await liveTable();
await swap();

/** The median time of the first load on new devices. */
async function medianLoad(
  path: string,
  shown: (page: Page) => Promise<void>,
  set: (session: CDPSession) => Promise<void>,
): Promise<number> {
  const times: number[] = [];
  for (let load = 0; load < loads; load += 1) {
    await using person = await app.chromium.person();
    await serveEmptyApp(person);
    const page = await person.newPage();
    await set(await person.newCDPSession(page));
    const start = performance.now();
    await page.goto(app.origin + path, { waitUntil: "commit" });
    await shown(page);
    times.push(performance.now() - start);
  }
  return median(times);
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function throttleCpu(session: CDPSession): Promise<void> {
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
}

async function slowDown(session: CDPSession): Promise<void> {
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", slow3G);
}

/** A page with the React of the shell, and one element. */
async function serveEmptyApp(person: BrowserContext): Promise<void> {
  const shell = await (await fetch(app.origin, { headers: { accept: "text/html" } })).text();
  const map = /<script type="importmap">.*?<\/script>/s.exec(shell)?.[0] ?? "";
  const code = `import { createElement } from "react"; import { createRoot } from "react-dom/client";
    createRoot(document.getElementById("root")).render(createElement("p", null, "Empty app"));`;
  const contentType = "text/html";
  const body = `<!doctype html>${map}<div id="root"></div><script type="module">${code}</script>`;
  await person.route(`${app.origin}/empty`, (route) => route.fulfill({ contentType, body }));
}

/** A load with the app on the device. */
async function warmLoad(): Promise<number> {
  await using person = await app.chromium.person();
  const page = await person.newPage();
  await page.goto(app.origin);
  await home(page);
  await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
  await slowDown(await person.newCDPSession(page));
  const start = performance.now();
  await page.reload({ waitUntil: "commit" });
  await home(page);
  return performance.now() - start;
}

/** Ten thousand rows, of which a hundred change per second. */
async function liveTable(): Promise<void> {
  await using person = await app.chromium.person();
  const page = await person.newPage();
  await page.goto(`${app.origin}/app/peek_plugin_kit/table`);
  await page.getByRole("grid").getByText("Row 1", { exact: true }).waitFor();
  const session = await person.newCDPSession(page);
  await session.send("Performance.enable");
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const longestFrame = `new Promise((resolve) => {
    const begin = performance.now();
    let last = begin;
    let longest = 0;
    const frame = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (now - begin < ${seconds * 1000}) requestAnimationFrame(frame);
      else resolve(longest);
    };
    requestAnimationFrame(frame);
  })`;
  await page.getByRole("button", { name: "Run" }).click();
  for (const sorting of ["unsorted", "sorted"]) {
    if (sorting === "sorted") await page.getByRole("button", { name: "Number" }).click();
    await page.waitForTimeout(1500);
    const before = await busySeconds();
    const longest = await page.evaluate<number>(longestFrame);
    const busy = ((await busySeconds()) - before) / seconds;
    print(`10,000 rows, 100 changes/s, ${sorting}: longest frame, ms`, longest, "50");
    print(`10,000 rows, 100 changes/s, ${sorting}: % of a core`, busy * 100, "30");
  }
}

/** A page takes another version of its plugin, again and again. */
async function swap(): Promise<void> {
  const times: number[] = [];
  await using person = await app.chromium.person();
  const page = await person.newPage();
  await page.goto(`${app.origin}/app/${pump}`);
  await page.getByText("Pumps 1.0.0").waitFor();
  await app.plugin("upgrade", await versionOf(app.home.base, "1.1.0"));
  const reload = page.getByRole("button", { name: "Reload this page" });
  for (let load = 0; load < loads; load += 1) {
    await reload.waitFor();
    const start = performance.now();
    await reload.click();
    await page.getByText(load % 2 === 0 ? "Pumps 1.1.0" : "Pumps 1.0.0").waitFor();
    times.push(performance.now() - start);
    if (load < loads - 1) await app.plugin("rollback", pump);
  }
  print("swap of one plugin's module, ms", median(times), "300");
}
