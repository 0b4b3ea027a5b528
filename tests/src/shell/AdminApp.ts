import { Chromium } from "../Chromium.ts";
import { freePort } from "../freePort.ts";
import { siteOrigin } from "../LiveServices.ts";
import type { PluginPackageOptions } from "../pluginPackage.ts";
import type { RunningProcess } from "../RunningProcess.ts";
import { peek } from "../peekCommand.ts";
import { TestHome } from "../TestHome.ts";
import { ShellPage } from "./ShellPage.ts";

/** The options of {@link AdminApp}. */
export interface AdminAppOptions {
  readonly plugins: readonly PluginPackageOptions[];
  /** Whether its users log in. Default: false. */
  readonly hasLogin?: boolean;
}

/** Logic with plugins whose pages are on the admin site, and a browser. */
export class AdminApp implements AsyncDisposable {
  readonly home: TestHome;
  readonly origin: string;
  readonly chromium: Chromium;
  readonly #owned: AsyncDisposableStack;
  #logic: RunningProcess;

  private constructor(
    home: TestHome,
    logic: RunningProcess,
    origin: string,
    chromium: Chromium,
    owned: AsyncDisposableStack,
  ) {
    this.home = home;
    this.#logic = logic;
    this.origin = origin;
    this.chromium = chromium;
    this.#owned = owned;
  }

  static async start(executable: string, { plugins, hasLogin = false }: AdminAppOptions): Promise<AdminApp> {
    await using owned = new AsyncDisposableStack();
    const config = {
      plugin: { deadlines: { probeSeconds: 0.2 } },
      // The same one after a restart.
      httpServer: { admin: { sitePort: await freePort(), anonymous: !hasLogin } },
    };
    const home = owned.use(await TestHome.with(config, plugins));
    const [logic, chromium] = await Promise.all([home.start(), Chromium.start(executable)]);
    owned.use(logic);
    owned.use(chromium);
    return new AdminApp(home, logic, await siteOrigin(logic), chromium, owned.move());
  }

  get logic(): RunningProcess {
    return this.#logic;
  }

  /** Starts logic again, after it has ended. */
  async restartLogic(): Promise<void> {
    this.#logic = this.#owned.use(await this.home.start());
  }

  /** Opens a page of the app on a new device. It is closed with the app. */
  async open(path = "/"): Promise<ShellPage> {
    const person = this.#owned.use(await this.chromium.person());
    return ShellPage.open(person, this.origin, path);
  }

  /** Runs `peek plugin …` on the home. @throws Error with the output of a command that fails. */
  async plugin(...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await peek(this.home.base, "plugin", ...args);
    if (code !== 0) throw new Error(`peek plugin ${args.join(" ")} failed: ${stdout}${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
