import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { ClientsArgument, ClientsReport } from "./clientsMain.ts";
import { ExchangeProcess } from "./ExchangeProcess.ts";

const each = 500;

/** Many clients in a process of their own, and the last that was heard of them. */
class Clients {
  readonly #child: ChildProcess;
  #last: ClientsReport | undefined;

  constructor(argument: ClientsArgument) {
    this.#child = fork(join(import.meta.dirname, "clientsMain.ts"), [JSON.stringify(argument)], {
      execArgv: ["--conditions=@peek/source"],
    });
    this.#child.on("message", (report) => (this.#last = report as ClientsReport));
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  async until(isSo: (report: ClientsReport) => boolean): Promise<ClientsReport> {
    const late = AbortSignal.timeout(30_000);
    for (;;) {
      if (this.#last !== undefined && isSo(this.#last)) return this.#last;
      await once(this.#child, "message", { signal: late });
    }
  }
}

it(
  "1,000 services that lose logic are connected within 10 s of its restart, and say two lines each",
  {
    timeout: 60_000,
  },
  async () => {
    await using hub = await ExchangeProcess.start();
    const both = (["agent", "worker"] as const).map((service) => {
      const token = hub.tokens.create(service);
      return new Clients({ port: hub.port, service, token, count: each });
    });
    await Promise.all(both.map((clients) => clients.until(({ connected }) => connected === each)));
    expect((await hub.ask("look")).connections).toBe(2 * each);
    await hub.kill();
    await Promise.all(both.map((clients) => clients.until(({ connected }) => connected === 0)));
    await hub.start();
    const start = performance.now();
    await hub.until(({ members }) => members === 2 * each + 1);
    expect(performance.now() - start).toBeLessThan(10_000);
    for (const clients of both) {
      const { connections, mostLines, lines } = await clients.until(({ connected }) => connected === each);
      expect(connections).toBe(2 * each);
      expect(lines.slice(-2)).toEqual([
        expect.stringMatching(/^(warning Lost|warning Still waiting for) the logic service/),
        expect.stringMatching(/^info Connected again to the logic service .* at attempt \d+$/),
      ]);
      // Besides what was said at first, it may have been lost in one way and refused in another.
      expect(mostLines).toBeLessThanOrEqual(4);
    }
  },
);
