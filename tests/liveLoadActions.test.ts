import { expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { bundleActionsPage } from "./src/live/bundleActionsPage.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { offlineActions } from "./src/live/offlineActions.ts";

const chromium = findChromium();

it.skipIf(chromium === undefined)(
  "actions of two offline tabs are executed once and in order, over a connection that is cut around answers and after a crash of the browser",
  async () => {
    await using system = await LiveSystem.start({ web: await bundleActionsPage() });
    // Half of them are not executed when the browser is killed, and at most 48 of these have been sent.
    const actions = 150;
    const figures = await offlineActions(system, { chromium: chromium ?? "", actions, cuts: 20 });
    expect(figures).toMatchObject({
      durable: actions,
      executed: actions,
      different: actions,
      outOfOrder: 0,
      pendingAtEnd: 0,
    });
    expect(figures.cuts).toBeGreaterThan(10);
    expect(figures.executedAtKill).toBeLessThan(actions);
  },
);
