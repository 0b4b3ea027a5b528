import { existsSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { chromiumFlags } from "./chromiumFlags.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * The path of Chromium; undefined where it is not installed: tests that need it are skipped then.
 *
 * @throws Error in CI, where Chromium is required.
 */
export function findChromium(): string | undefined {
  const given = process.env["PEEK_TEST_CHROMIUM"];
  const found = given ?? places.find((place) => existsSync(place));
  if (found === undefined && process.env["CI"] !== undefined) {
    throw new Error("The tests need Chromium in CI, and it was not found. Install it, or set PEEK_TEST_CHROMIUM.");
  }
  return found;
}

/** A headless browser. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(executablePath: string): Promise<Chromium> {
    return new Chromium(await chromium.launch({ executablePath, headless: true, args: [...chromiumFlags] }));
  }

  /** A person with a separate device, whose storage no other person sees. */
  async person(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ ignoreHTTPSErrors: true, ...options });
    context.setDefaultTimeout(60_000);
    return context;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** The path of the tutorial's rows in the apps. */
export const tutorialPath = "/app/peek_plugin_tutorial/rows";

/** The tutorial's rows in the app of a site, from a user's view. */
export class TutorialPage {
  readonly page: Page;
  /** Failed requests, and errors of scripts. */
  readonly #faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("requestfailed", (request) => this.#faults.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("pageerror", (error) => this.#faults.push(error.message));
  }

  static async open(person: BrowserContext, origin: string): Promise<TutorialPage> {
    const opened = new TutorialPage(await person.newPage());
    await opened.page.goto(`${origin}${tutorialPath}`);
    return opened;
  }

  async press(label: "+1" | "−1" | "Aa", id = 1): Promise<void> {
    await this.page.locator(`tr[data-id="${id}"]`).getByRole("button", { name: label, exact: true }).click();
  }

  /** Waits until the number of a row is shown. */
  async showsNumber(value: number, id = 1): Promise<void> {
    await this.#shows(this.page.locator(cellOf("int1", id), { hasText: exactly(String(value)) }));
  }

  /** Waits until the text of a row is shown. */
  async showsText(value: string, id = 1): Promise<void> {
    await this.#shows(this.page.locator(cellOf("string1", id), { hasText: exactly(value) }));
  }

  /** Waits until the app's indicator shows one of these states of the connection. */
  async showsConnection(...statuses: readonly ConnectionStatus[]): Promise<void> {
    await this.#shows(this.page.locator(statuses.map(indicatorOf).join()));
  }

  /** Waits until the page says since when its data is stale, and why. Returns the sentence. */
  async showsAge(): Promise<string> {
    const notice = this.page.locator(".notices", { hasText: "As of" });
    await this.#shows(notice);
    return await notice.innerText();
  }

  /** Waits until the table marks its rows as old. */
  async showsOldRows(): Promise<void> {
    await this.#shows(this.page.locator('table[data-live="false"]'));
  }

  /** How many places of the app show that data is live: the indicator, the table, and badges. */
  async countLive(): Promise<number> {
    return await this.page.locator(`${indicatorOf("live")}, [data-live="true"]`).count();
  }

  /** Waits until `count` actions are shown as pending. */
  async showsPending(count: number): Promise<void> {
    const heading = this.page.locator(".pending h2");
    if (count === 0) await heading.waitFor({ state: "detached" });
    else await heading.filter({ hasText: `${count} pending` }).waitFor();
  }

  /** All tuples that the device stores, as text. */
  async keptTuples(): Promise<string> {
    return this.page.evaluate<string>(readKept);
  }

  /** Every number that a row shows from now on, in order. */
  async numbersFromNow(id = 1): Promise<() => Promise<readonly string[]>> {
    await this.page.evaluate(`{
      const cell = document.querySelector('${cellOf("int1", id)}');
      globalThis.seenNumbers = [cell.textContent];
      new MutationObserver(() => seenNumbers.push(cell.textContent)).observe(cell, { characterData: true, childList: true, subtree: true });
    }`);
    return () => this.page.evaluate<string[]>("seenNumbers");
  }

  /** @throws Error that says what the page shows instead. */
  async #shows(wanted: Locator): Promise<void> {
    try {
      await wanted.waitFor();
    } catch (error) {
      const text = await this.page.locator("body").innerText();
      throw new Error(`The page shows ${JSON.stringify(text)}; faults: ${JSON.stringify(this.#faults)}`, {
        cause: error,
      });
    }
  }
}

type ConnectionStatus = "live" | "offline" | "stale" | "login" | "connecting";

const cellOf = (column: "string1" | "int1", id: number): string => `tr[data-id="${id}"] [data-column="${column}"]`;

const indicatorOf = (status: ConnectionStatus): string => `.shell-indicator .shell-state[data-status="${status}"]`;

/** Runs in the page: returns the content of its store of tuples. */
const readKept = `(async () => {
  const finished = (request) =>
    new Promise((resolve, reject) => {
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => reject(request.error));
    });
  const database = await finished(indexedDB.open("peek.peek"));
  try {
    return (await finished(database.transaction("tuples").objectStore("tuples").getAll())).flat().join();
  } finally {
    database.close();
  }
})()`;

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/\W/g, "\\$&")}$`);
}
