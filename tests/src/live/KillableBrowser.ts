import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { chromiumFlags } from "../chromiumFlags.ts";
import { RunningProcess } from "../RunningProcess.ts";

/** A Chromium whose processes can be killed, and that keeps its storage over a restart. */
export class KillableBrowser implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #browser: Browser;

  private constructor(process: RunningProcess, browser: Browser) {
    this.#process = process;
    this.#browser = browser;
  }

  /** @param profile The folder of its storage. */
  static async start(executable: string, profile: string): Promise<KillableBrowser> {
    const own = ["--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
    const args = [...chromiumFlags, ...own];
    const process = new RunningProcess(executable, { args });
    try {
      const line = await process.waitForError(/^DevTools listening on /);
      const url = line.replace("DevTools listening on ", "");
      return new KillableBrowser(process, await chromium.connectOverCDP(url));
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The browser context of its user. */
  get person(): BrowserContext {
    const [context] = this.#browser.contexts();
    if (context === undefined) throw new Error("The browser has no window");
    return context;
  }

  /** Opens a tab; all tabs are one person's. */
  async tab(url: string): Promise<Page> {
    const page = await this.person.newPage();
    await page.goto(url);
    return page;
  }

  /** kill -9, of all its processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
