import { freePort } from "../src/freePort.ts";
import { peek } from "../src/peekCommand.ts";
import { pump, pumpArchive } from "../src/pumpArchive.ts";
import { TestHome } from "../src/TestHome.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/upgradesOfFive.ts [upgrades]

const upgrades = given(21);
const services = ["logic", "field", "office", "worker", "agent"] as const;
const plugin = { deadlines: { probeSeconds: 0.2 } };
const sitePort = await freePort();
await using owned = new AsyncDisposableStack();
const logicHome = owned.use(await TestHome.with({ httpServer: { dataExchange: { sitePort } }, plugin }));
const { base } = logicHome;
const others = services.filter((service) => service !== "logic");
const connected = { dataExchange: { httpPort: sitePort }, plugin };
const homes = [logicHome, ...(await Promise.all(others.map((service) => logicHome.beside(service, connected))))];

/** Starts all services. @returns How long it took until all were ready and connected, in milliseconds. */
async function start(running: AsyncDisposableStack): Promise<number> {
  const began = performance.now();
  for (const home of homes) {
    const started = running.use(await home.start());
    if (home !== logicHome) await started.waitFor(/Connected to the logic service/);
  }
  return performance.now() - began;
}

const archives = [
  await pumpArchive(base, { version: "1.0.0", services }),
  await pumpArchive(base, { version: "1.1.0", services }),
] as const;
const restarts: number[] = [];
{
  await using running = new AsyncDisposableStack();
  await start(running);
  const { code, stderr } = await peek(base, "plugin", "install", archives[0]);
  if (code !== 0) throw new Error(stderr);
}
for (let index = 0; index < 3; index += 1) {
  await using running = new AsyncDisposableStack();
  restarts.push(await start(running));
}
await using running = new AsyncDisposableStack();
await start(running);
const changed: number[] = [];
for (let index = 1; index <= upgrades; index += 1) {
  const { code, stderr } = await peek(
    base,
    "plugin",
    "upgrade",
    archives[index % 2 === 1 ? 1 : 0],
    "--allow-downgrade",
  );
  if (code !== 0) throw new Error(stderr);
}
const { changes } = JSON.parse((await peek(base, "plugin", "history", "--json")).stdout) as {
  changes: readonly { plugin: string; kind: string; outcome: string; ms: number }[];
};
changed.push(...changes.filter(({ kind, plugin }) => kind === "upgrade" && plugin === pump).map(({ ms }) => ms));
const sorted = changed.toSorted((one, other) => one - other);
print("upgrades on five services", sorted.length, String(upgrades));
print("one upgrade without the watched 200 ms, median, ms", (sorted[Math.floor(sorted.length / 2)] ?? 0) - 200);
print("one upgrade without the watched 200 ms, at most, ms", (sorted.at(-1) ?? 0) - 200);
print("starting the five services one after the other instead, median, ms", restarts.toSorted((a, b) => a - b)[1] ?? 0);
