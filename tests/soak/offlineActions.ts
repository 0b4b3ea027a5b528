import { findChromium } from "../src/Chromium.ts";
import { bundleActionsPage } from "../src/live/bundleActionsPage.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { offlineActions } from "../src/live/offlineActions.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/offlineActions.ts [actions]

const actions = given(1000);
const chromium = findChromium();
if (chromium === undefined) throw new Error("Chromium was not found. Install it, or set PEEK_TEST_CHROMIUM.");
await using system = await LiveSystem.start({ web: await bundleActionsPage() });
const figures = await offlineActions(system, { chromium, actions, cuts: actions / 2 });
print("actions of two tabs that were kept on the device", figures.durable, String(actions));
print("cuts around their answers", figures.cuts, `about ${actions / 2}`);
print("executed when the browser was killed", figures.executedAtKill);
print("executed", figures.executed, String(actions));
print("of these different", figures.different, String(actions));
print("out of order in their lane", figures.outOfOrder, "0");
print("not confirmed in the end", figures.pendingAtEnd, "0");
print("from the first connection to the last answer, s", figures.tookMs / 1000);
