import { Chromium } from "tests/Chromium";
import { LiveServices } from "tests/LiveServices";
import { ratioTable } from "../live/ratioTable.ts";
import { join } from "node:path";
import { roundRobin } from "../roundRobin.ts";
import type { Case, SuiteContext } from "../Suite.ts";
import { table } from "../table.ts";
import { EmptyApp } from "../web/EmptyApp.ts";
import { measureLoad, slowdown } from "../web/measureLoad.ts";
import { shellScriptBytes } from "../web/shellScriptBytes.ts";

/** Milliseconds. */
type Metric = "cold" | "warm";

/** The shell beside an app of React that renders one paragraph. */
export async function webLoad(executable: string, { temp, runs }: SuiteContext): Promise<string> {
  await using empty = await EmptyApp.start(join(temp, "empty-app"));
  await using services = await LiveServices.start();
  const field = await services.startBeside("field");
  await using chromium = await Chromium.start(executable);
  const load = async (url: string, selector: string, hasWorker: boolean): Promise<Record<Metric, number>> => {
    await using person = await chromium.person();
    const cold = await measureLoad(person, url, selector);
    if (hasWorker) {
      const page = await person.newPage();
      await page.goto(url);
      await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
      await page.close();
    }
    return { cold, warm: await measureLoad(person, url, selector) };
  };
  const cases: readonly Case<Metric>[] = [
    { title: "an empty app of React (the limit)", run: () => load(empty.origin, ".ready", false) },
    { title: "**Peek**, home of field", run: () => load(field.origin, ".shell-tile", true) },
  ];
  const measured = await roundRobin<Metric, Case<Metric>>("Web, load", cases, runs);
  const shellBytes = await shellScriptBytes();
  const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
  const sizes = [
    ["an empty app of React (the limit)", kib(empty.scriptBytes), "1.00 ×"],
    ["**Peek**, the shell before its first use", kib(shellBytes), `${(shellBytes / empty.scriptBytes).toFixed(2)} ×`],
  ];
  return `JavaScript that a browser has to load, gzip, KiB:

${table(["", "KiB", "× limit"], sizes)}

From the navigation until the frame that shows the content, with a processor that is ${slowdown} times slower. Cold: on a new device. Warm: with the browser's cache, and for
Peek with the service worker.

${ratioTable(measured, [
  { metric: "cold", title: "cold, ms" },
  { metric: "warm", title: "warm, ms" },
])}`;
}
