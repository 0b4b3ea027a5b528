import { findChromium } from "tests/Chromium";
import type { Suite } from "../Suite.ts";
import { webLoad } from "./webLoad.ts";
import { webRows } from "./webRows.ts";
import { webSwap } from "./webSwap.ts";

/** The apps in a real browser. */
export const web: Suite = async (context) => {
  const executable = findChromium();
  if (executable === undefined)
    return "## Apps\n\nNot measured: install Chromium, or set PEEK_TEST_CHROMIUM to its path.";
  const parts = [
    await webLoad(executable, context),
    await webRows(executable, context),
    await webSwap(executable, context),
  ];
  return `## Apps

Chromium, headless, without a graphics processor; the services and the browser share the cores. Median (least–most) of ${context.runs} runs.

${parts.join("\n\n")}`;
};
