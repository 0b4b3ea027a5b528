import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { ClientsArgument, ClientsReport } from "./clientsMain.ts";
import { ExchangeProcess } from "./ExchangeProcess.ts";

// Each connection is announced to all others: the work grows with the square of their number.
const isLong = process.env["PEEK_LONG_TESTS"] !== undefined;
const each = isLong ? 500 : 150;
// The longest delay between two attempts, and the time of the machine.
const reconnectedMs = isLong ? 10_000 : 30_000;

/** Many clients in a separate process, and their last report. */
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
    const late = AbortSignal.timeout(120_000);
    for (;;) {
      if (this.#last !== undefined && isSo(this.#last)) return this.#last;
      await once(this.#child, "message", { signal: late });
    }
  }
}

it(
  `${2 * each} services that lose logic reconnect soon after its restart, and log the outage once, not with each attempt`,
  {
    timeout: 300_000,
  },
  async () => {
    await using logic = await ExchangeProcess.start();
    const both = (["agent", "worker"] as const).map((service) => {
      const token = logic.tokens.create(service);
      return new Clients({ port: logic.port, service, token, count: each });
    });
    await Promise.all(both.map((clients) => clients.until(({ connected }) => connected === each)));
    expect((await logic.ask("look")).connections).toBe(2 * each);
    await logic.kill();
    await Promise.all(both.map((clients) => clients.until(({ connected }) => connected === 0)));
    await logic.start();
    const start = performance.now();
    await logic.until(({ members }) => members === 2 * each + 1);
    expect(performance.now() - start).toBeLessThan(reconnectedMs);
    for (const clients of both) {
      const { connections, mostRepetitions, mostReconnections, lines } = await clients.until(
        ({ connected }) => connected === each,
      );
      expect(connections).toBe(2 * each);
      expect(lines.slice(-2)).toEqual([
        expect.stringMatching(/^(warning Lost|warning Still waiting for) the logic service/),
        expect.stringMatching(/^info Reconnected to the logic service .* at attempt \d+$/),
      ]);
      // The number of lines depends on the reasons that a client has seen, which depend on the load, but not on its attempts.
      expect(mostRepetitions).toBe(1);
      expect(mostReconnections).toBe(1);
    }
  },
);
