import type { BrowserContext, Locator, Page } from "playwright-core";

/** The app of a site in a browser, from a user's view. */
export class ShellPage {
  readonly page: Page;
  readonly #origin: string;
  /** Failed requests, and errors that nothing has caught. */
  readonly faults: string[] = [];
  /** The URLs of the scripts that the page has loaded. */
  readonly scripts: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
    page.on("requestfailed", (request) => this.faults.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) this.faults.push(message.text());
    });
    page.on("request", (request) => {
      if (request.resourceType() === "script") this.scripts.push(request.url());
    });
  }

  /** Opens a page of the app. @param path Default: the home screen. */
  static async open(person: BrowserContext, origin: string, path = "/"): Promise<ShellPage> {
    const opened = new ShellPage(await person.newPage(), origin);
    await opened.goto(path);
    return opened;
  }

  /** Loads a page of the app, as by its address. */
  async goto(path: string): Promise<void> {
    await this.page.goto(this.#origin + path);
  }

  /** The content beside the menu. */
  get content(): Locator {
    return this.page.getByRole("main");
  }

  /** The page's part of a plugin. */
  pluginPart(name: string): Locator {
    return this.content.locator(`.shell-plugin > [data-peek-plugin="${name}"]`);
  }

  /** Opens a page by the side menu. */
  async choose(title: string): Promise<void> {
    await this.sees(this.menuLink(title));
    await this.menuLink(title).click();
  }

  menuLink(title: string | RegExp): Locator {
    return this.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title, exact: true });
  }

  /** The tile of a plugin on the home screen. */
  tile(title: string): Locator {
    return this.content.locator(".shell-tile", { hasText: title });
  }

  /** The state of the data in the title bar. */
  get indicator(): Locator {
    return this.page.locator(".shell-indicator");
  }

  /** @throws Error that says what the page shows instead. */
  async shows(text: string | RegExp): Promise<void> {
    await this.sees(this.content.getByText(text).first());
  }

  /** @throws Error that says what the page shows instead. */
  async sees(wanted: Locator): Promise<void> {
    try {
      await wanted.waitFor();
    } catch (error) {
      const text = await this.page.locator("body").innerText();
      throw new Error(`The page shows ${JSON.stringify(text)}; faults: ${JSON.stringify(this.faults)}`, {
        cause: error,
      });
    }
  }
}
