import { rm } from "node:fs/promises";
import { makeFolder } from "../temporaryFolder.ts";
import type { Cookie, Page } from "playwright-core";
import { BlockedActions } from "./BlockedActions.ts";
import { KillableBrowser } from "./KillableBrowser.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { loadName, notedTable } from "./loadPlugin.ts";
import { Relay } from "./Relay.ts";

/** The options of the scenario. */
export interface OfflineActionsOptions {
  readonly chromium: string;
  /** The number of actions, of both tabs together. */
  readonly actions: number;
  /** The number of times that the connection is cut around an acknowledgement. */
  readonly cuts: number;
}

/** The results. */
export interface OfflineActionsFigures {
  /** Actions that the device reported as durable. */
  readonly durable: number;
  readonly cuts: number;
  /** The number of executed actions when the browser was killed. */
  readonly executedAtKill: number;
  readonly executed: number;
  readonly different: number;
  /** Actions that were executed before one that was pushed earlier in their lane. */
  readonly outOfOrder: number;
  readonly pendingAtEnd: number;
  /** Milliseconds from the return of the connection to the last execution. */
  readonly tookMs: number;
}

/** The number of tabs that push. */
const tabs = 2;
const lanesEach = 3;
const lookMs = 20;

/** Actions that were pushed offline, sent over a connection that is cut repeatedly, by a browser that is killed. */
export async function offlineActions(
  system: LiveSystem,
  { chromium, actions, cuts }: OfflineActionsOptions,
): Promise<OfflineActionsFigures> {
  await using owned = new AsyncDisposableStack();
  let answers = 0;
  let requests = 0;
  let isCutting = false;
  const relay: Relay = owned.use(
    await Relay.open(system.field.port, {
      // The outcome is lost: the device does not know whether the action was executed.
      cutsDown: (data) => isCutting && relay.cuts < cuts && data.includes('"t":"res"') && (answers += 1) % 2 === 0,
      // The action is in transit, and its outcome will not arrive.
      cutsAfterUp: (data) => isCutting && relay.cuts < cuts && data.length > 100 && (requests += 1) % 5 === 0,
    }),
  );
  const profile = await makeFolder();
  owned.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const url = `http://127.0.0.1:${relay.port}/${loadName}/`;
  const executed = async (): Promise<number> => {
    const { rows } = await system.db.query<{ count: string }>(`SELECT count(*) FROM ${notedTable}`);
    return Number(rows[0]?.count);
  };
  const untilExecuted = async (count: number): Promise<void> => {
    while ((await executed()) < count) await new Promise((resolve) => setTimeout(resolve, lookMs));
  };

  const first = owned.use(await KillableBrowser.start(chromium, profile));
  /** Restores the connection, and kills the browser when half of the actions are executed. */
  const killed = async (): Promise<{ readonly cookies: Cookie[]; readonly executedAtKill: number }> => {
    // Otherwise all may be executed before the kill.
    await using _held = await BlockedActions.from(system.db, actions / 2);
    relay.reopen();
    await untilExecuted(actions / 2);
    // Chromium writes cookies half a minute late; without them, it would be another device.
    const cookies = await first.person.cookies();
    await first[Symbol.asyncDispose]();
    return { cookies, executedAtKill: await executed() };
  };
  const pages = await Promise.all(Array.from({ length: tabs }, () => first.tab(url)));
  for (const page of pages) await untilTrue(page, 'load.status() === "live"');
  relay.cut();
  const durable = await Promise.all(
    pages.map((page, tab) => {
      const lanes = Array.from({ length: lanesEach }, (_, lane) => `${tab}.${lane}`);
      return page.evaluate<number>(`load.push(${actions / tabs}, ${JSON.stringify(lanes)})`);
    }),
  );
  isCutting = true;
  const began = performance.now();
  const { cookies, executedAtKill } = await killed();

  await using second = await KillableBrowser.start(chromium, profile);
  await second.person.addCookies(cookies);
  const page = await second.tab(url);
  await untilExecuted(actions);
  await untilTrue(page, "load.pending() === 0");
  const tookMs = performance.now() - began;
  const { rows } = await system.db.query<{ lane: string; n: number }>(`SELECT lane, n FROM ${notedTable} ORDER BY id`);
  const last = new Map<string, number>();
  let outOfOrder = 0;
  for (const { lane, n } of rows) {
    if (n !== (last.get(lane) ?? -1) + 1) outOfOrder += 1;
    last.set(lane, n);
  }
  return {
    durable: durable.reduce((sum, count) => sum + count, 0),
    cuts: relay.cuts,
    executedAtKill,
    executed: rows.length,
    different: new Set(rows.map(({ lane, n }) => `${lane} ${n}`)).size,
    outOfOrder,
    pendingAtEnd: await page.evaluate<number>("load.pending()"),
    tookMs,
  };
}

/** Waits for a condition in a page, whose content security policy forbids eval. */
async function untilTrue(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate<boolean>(expression))) await new Promise((resolve) => setTimeout(resolve, lookMs));
}
