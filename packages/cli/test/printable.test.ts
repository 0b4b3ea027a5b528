import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServiceHome, serviceHome } from "@peek/config";
import { TokenStore } from "@peek/bus/identity";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { commandLogger } from "../src/commandLogger.ts";
import { printJson, printTable } from "../src/output.ts";
import { runCommandLine } from "../src/runCommandLine.ts";

/** Clears the screen, by an escape and by its one-character form; and what ends a line, or seems to. */
const evil = "a\u001B[2Jb\u009B2Jc\u0007\u007F\r\u2028d";
const harmless = "a\\u001b[2Jb\\u009b2Jc\\u0007\\u007f\\u000d\\u2028d";

/** The lines that the command prints from now on, on both outputs. */
function printed(): readonly string[] {
  const lines: string[] = [];
  const print = (line: unknown): void => void lines.push(String(line));
  for (const method of ["log", "error"] as const) {
    const spy = vi.spyOn(console, method).mockImplementation(print);
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

describe("text from another machine cannot control the terminal", () => {
  it("in a table, which keeps its columns", () => {
    const lines = printed();
    printTable([
      ["NAME", "STATE"],
      [evil, "well"],
      ["b\nlogic", "well"],
    ]);
    expect(lines).toEqual([
      `NAME${" ".repeat(harmless.length - 4)}  STATE`,
      `${harmless}  well`,
      `b\\u000alogic${" ".repeat(harmless.length - 12)}  well`,
    ]);
  });

  it("in JSON, which keeps its meaning", () => {
    const lines = printed();
    const data = { [evil]: [evil, "two\nlines"] };
    printJson(data);
    // oxlint-disable-next-line no-control-regex -- control characters are what it is about
    expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/);
    expect(JSON.parse(lines.join("\n"))).toEqual(data);
  });

  it("in a warning", () => {
    const lines = printed();
    commandLogger.warning("%s\nand more", evil);
    expect(lines).toEqual([`peek: ${harmless}\nand more`]);
  });

  it("in the reason why a server is not a data exchange", async () => {
    const base = mkdtempSync(join(tmpdir(), "peek-cli-"));
    onTestFinished(() => rmSync(base, { recursive: true, force: true }));
    vi.stubEnv("PEEK_HOME", base);
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = createServer().listen(0, "127.0.0.1");
    server.on("upgrade", (_request, socket) => {
      socket.end(
        `HTTP/1.1 401 No\r\npeek-exchange: peek.vortex.1\r\ncontent-length: ${Buffer.byteLength(evil)}\r\n\r\n${evil}`,
      );
    });
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const httpPort = typeof address === "object" ? address?.port : undefined;
    const token = new TokenStore(serviceHome("logic")).create("agent");
    const home = serviceHome("agent");
    createServiceHome(home);
    writeFileSync(home.configFile, JSON.stringify({ dataExchange: { httpPort, token } }));
    const lines = printed();
    const argv = ["node", "peek", "status", "--as", "agent", "--timeout", "0.3"];
    expect(await runCommandLine(argv)).toBe(69);
    expect(lines).toEqual([expect.stringContaining(`it refuses this service: ${harmless}`)]);
  });
});
