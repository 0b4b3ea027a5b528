import { expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { bundleActionsPage } from "./src/live/bundleActionsPage.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { offlineActions } from "./src/live/offlineActions.ts";

const chromium = findChromium();

it.skipIf(chromium === undefined)(
  "actions of two tabs without a line, over one that is cut around answers, of a browser that is killed: each lands once, in order",
  async () => {
    await using system = await LiveSystem.start({ web: await bundleActionsPage() });
    // Half of them are not executed when it is killed, and of these no more than 48 have been sent.
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
