import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { createServiceHome, type ServiceConfigInput, serviceConfigSchema, serviceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { expect, it, onTestFinished } from "vitest";
import { observeServices, PeekService } from "../src/index.ts";
import { KeptLines } from "./KeptLines.ts";
import { logger } from "./silentLogger.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const servicesDir = join(import.meta.dirname, "../../../services");

interface Started {
  readonly service: PeekService;
  readonly log: KeptLines;
}

async function start(name: ServiceName, base: string, config: ServiceConfigInput): Promise<Started> {
  const home = serviceHome(name, { PEEK_HOME: base });
  createServiceHome(home);
  writeFileSync(home.configFile, JSON.stringify({ ...config, logging: { logToStdout: false, logToFile: false } }));
  const log = new KeptLines();
  const service = await PeekService.open({ name, dir: join(servicesDir, name) }, { home, sinks: [log] });
  onTestFinished(() => service[Symbol.asyncDispose]());
  await service.start();
  return { service, log };
}

/** Puts a certificate that is signed by itself, with its key, into a file. */
function writeBundle(file: string, name: string): X509Certificate {
  const dir = temporaryFolder();
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
      ...["-subj", `/CN=${name}`, "-keyout", "key.pem", "-out", "cert.pem"],
    ],
    { cwd: dir, stdio: "pipe" },
  );
  const cert = readFileSync(join(dir, "cert.pem"), "utf8");
  writeFileSync(`${file}.new`, cert + readFileSync(join(dir, "key.pem"), "utf8"));
  renameSync(`${file}.new`, file);
  return new X509Certificate(cert);
}

async function shownAt(port: number): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
  socket.destroy();
  return fingerprint256;
}

it("logic uses a renewed certificate without a restart", async () => {
  const base = temporaryFolder();
  const dir = join(base, "tls");
  mkdirSync(dir);
  const file = join(dir, "bundle.pem");
  const before = writeBundle(file, "before");
  const site = { sitePort: 0, useSsl: true, sslBundleFilePath: file };
  const { service, log } = await start("logic", base, { httpServer: { dataExchange: site } });
  const port = service.status().vortex?.port ?? 0;
  expect(await shownAt(port)).toBe(before.fingerprint256);
  const after = writeBundle(file, "after");
  await log.until(/^INFO peek_vortex\.DataExchange:Reloaded the certificate of CN=after/);
  expect(await shownAt(port)).toBe(after.fingerprint256);
  // A client on the same machine knows the certificate by its file.
  const home = serviceHome("logic", { PEEK_HOME: base });
  const config = serviceConfigSchema.parse({ httpServer: { dataExchange: { ...site, sitePort: port } } });
  const observed = await observeServices({ service: "logic", home, config, version: "1", timeoutMs: 5000, logger });
  expect(observed).toMatchObject([{ peer: { service: "logic" }, status: { service: "logic" } }]);
});

it("a service warns about a connection without TLS to another machine, and not to its own", async () => {
  const base = temporaryFolder();
  // A name that is nobody's.
  const { log } = await start("agent", base, { dataExchange: { host: "logic.invalid" } });
  const warning =
    /^WARNING peek_vortex\.DataExchange:dataExchange\.useSsl is off: .* can be read on the way to logic\.invalid/;
  await log.until(warning);
  for (const [name, dataExchange] of [
    ["worker", { httpPort: 1 }],
    ["office", { host: "logic.invalid", useSsl: true }],
  ] as const) {
    const other = await start(name, base, { dataExchange });
    await other.log.until(/DataExchange:Waiting for/);
    expect(other.log.lines.filter((line) => line.includes("useSsl is off"))).toEqual([]);
  }
});
