import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import {
  explainTlsFailure,
  verifyClientCertificate,
  readAuthorities,
  readBundle,
  serviceOfCertificate,
} from "@peek/bus/identity";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { caught } from "./caught.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { type CertificateOptions, encryptedKey, TestAuthority } from "./TestAuthority.ts";

function fileWith(content: string): string {
  const file = join(temporaryFolder(), "bundle.pem");
  writeFileSync(file, content);
  return file;
}

describe("readBundle", () => {
  it.each<[string, (own: string, key: string, authority: string) => string]>([
    ["the certificate first", (own, key, authority) => own + authority + key],
    ["the key first", (own, key, authority) => key + own + authority],
    ["the authority first", (own, key, authority) => authority + own + key],
    [
      "words between them and the line ends of Windows",
      (own, key, authority) => `of 2026\n${own}\nkey\n${key}${authority}`.replaceAll("\n", "\r\n"),
    ],
  ])("takes %s", (_what, arrange) => {
    const authority = new TestAuthority(temporaryFolder());
    const { cert, key } = authority.issue({ name: "agent.plant7.example" });
    const bundle = readBundle(fileWith(arrange(cert, key, authority.cert)));
    expect(bundle.subject).toBe("CN=agent.plant7.example");
    expect(bundle.validTo.getTime()).toBeGreaterThan(Date.now());
    expect(bundle.cert.toString()).toBe(cert + authority.cert);
    expect(() => tls.createSecureContext(bundle)).not.toThrow();
  });

  it.each<[string, (authority: TestAuthority) => string, string]>([
    ["nothing", () => "", "it contains no certificate"],
    ["a key alone", (authority) => authority.issue().key, "it contains no certificate"],
    ["a certificate alone", (authority) => authority.issue().cert, "it contains no private key"],
    [
      "the key of another",
      (authority) => authority.issue().cert + authority.issue().key,
      "its private key does not match its certificate (CN=logic)",
    ],
    [
      "an encrypted key",
      (authority) => authority.issue().cert + encryptedKey(authority.issue().key),
      "its private key is encrypted",
    ],
    [
      "what has expired",
      (authority) => joined(authority, { name: "office", fromDays: -9, toDays: -2 }),
      "the certificate of CN=office expired on 20",
    ],
    [
      "what is not valid yet",
      (authority) => joined(authority, { fromDays: 3 }),
      "the certificate of CN=logic is not valid before 20",
    ],
    [
      "a damaged certificate",
      (authority) => joined(authority).replace(/(BEGIN CERTIFICATE-----\n.{40}).{8}/, "$1AAAAAAAA"),
      "its certificate number 1 is damaged",
    ],
    [
      "a damaged key",
      (authority) => joined(authority).replace(/(BEGIN PRIVATE KEY-----\n).{8}/, "$1AAAAAAAA"),
      "its private key is damaged",
    ],
    [
      "a certificate that breaks off",
      (authority) => authority.issue().cert.slice(0, 200),
      "it contains no certificate",
    ],
    ["a key that is too weak", () => weakBundle(), "OpenSSL does not accept the certificate of CN=weak: "],
  ])("refuses %s", (_what, make, why) => {
    const file = fileWith(make(new TestAuthority(temporaryFolder())));
    const error = caught(() => readBundle(file));
    expect(error).toMatchObject({ code: "TLS_UNUSABLE", exitCode: 78, fields: { file } });
    expect(error.message).toContain(`${file} cannot be used for TLS: ${why}`);
    expect(error.message).not.toContain("\n");
  });

  it.each<[string, (file: string) => void, string]>([
    ["is missing", () => undefined, "the file does not exist"],
    ["is a folder", (file) => mkdirSync(file), "it is a folder, not a file"],
    ["is a pipe", (file) => execFileSync("mkfifo", [file]), "it is not a regular file"],
    ["is too large", (file) => (writeFileSync(file, ""), truncateSync(file, 1024 * 1024 + 1)), "it has 1048577 bytes"],
  ])("refuses a file that %s, as readAuthorities does", (_what, make, why) => {
    const file = join(temporaryFolder(), "bundle.pem");
    make(file);
    for (const read of [readBundle, readAuthorities]) {
      const error = caught(() => read(file));
      expect(error).toMatchObject({ code: "TLS_UNUSABLE", fields: { file } });
      expect(error.message).toContain(why);
    }
  });
});

describe("readAuthorities", () => {
  it("returns the valid certificates", () => {
    const [one, other] = [new TestAuthority(temporaryFolder(), "one"), new TestAuthority(temporaryFolder(), "other")];
    const expired = one.issue({ toDays: -0.5 }).cert;
    expect(readAuthorities(fileWith(expired + one.cert + other.cert))).toEqual([one.cert, other.cert]);
  });

  it.each<[string, (authority: TestAuthority) => string, string]>([
    ["nothing", () => "", "it contains no certificate"],
    ["a key", (authority) => authority.issue().key, "it contains no certificate"],
    [
      "one that has expired",
      (authority) => authority.issue({ toDays: -0.5 }).cert,
      "the certificate of CN=logic expired on",
    ],
  ])("refuses %s", (_what, make, why) => {
    const error = caught(() => readAuthorities(fileWith(make(new TestAuthority(temporaryFolder())))));
    expect(error).toMatchObject({ code: "TLS_UNUSABLE" });
    expect(error.message).toContain(why);
  });
});

describe("serviceOfCertificate", () => {
  it.each([
    [{ subject: { CN: "agent" } }, "agent"],
    [{ subject: { CN: "agent.plant7.example" } }, "agent"],
    [{ subject: { CN: "Logic.Example" } }, "logic"],
    [{ subject: { CN: "agents" } }, undefined],
    [{ subject: { CN: "plant7.agent" } }, undefined],
    [{ subject: { CN: "agent plant7" } }, undefined],
    [{ subject: { CN: "constructor" } }, undefined],
    [{ subject: { CN: "" } }, undefined],
    [{ subject: { CN: ["agent", "logic"] } }, undefined],
    [{ subject: {} }, undefined],
    [{}, undefined],
  ])("of %j is %s", (certificate, service) => {
    expect(serviceOfCertificate(certificate)).toBe(service);
  });
});

/** The outcome of a connection, on both sides. */
interface Outcome {
  /** Undefined when the connection was established. */
  readonly client: unknown;
  /** The server's verdict on the client, or its error. */
  readonly server: unknown;
}

describe("explainTlsFailure, over real connections", () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  beforeAll(() => {
    const dirs = ["one", "other"].map((name) => mkdtempSync(join(tmpdir(), `peek-${name}-`)));
    const [one = "", other = ""] = dirs;
    [authority, stranger] = [new TestAuthority(one), new TestAuthority(other, "Stranger")];
    return () => {
      for (const dir of dirs) rmSync(dir, { recursive: true });
    };
  });

  it.each<[string, CertificateOptions, string]>([
    [
      "has expired",
      { fromDays: -9, toDays: -2 },
      "the other side's certificate has expired (CERT_HAS_EXPIRED). Renew it",
    ],
    ["is not valid yet", { fromDays: 3 }, "is not valid yet (CERT_NOT_YET_VALID). Check the clocks"],
    [
      "is another host's",
      { hosts: "DNS:logic.example" },
      "for another host than the one that was connected to (ERR_TLS_CERT_ALTNAME_INVALID)",
    ],
  ])("tells the client that the server's certificate %s", async (_what, options, words) => {
    const { client } = await connect(authority.issue(options), { ca: authority.cert });
    expect(explainTlsFailure(client)).toContain(words);
  });

  it("explains to both sides that the client does not know the server's authority", async () => {
    const { client, server } = await connect(stranger.issue(), { ca: authority.cert });
    expect(explainTlsFailure(client)).toContain("authority of the other side's certificate is not known here");
    expect(explainTlsFailure(server)).toMatch(
      /does not trust the authority of this side's certificate|other side cut the connection/,
    );
  });

  it("explains to the client that the server's certificate is self-signed", async () => {
    const { cert, key } = selfSigned();
    const { client } = await connect({ cert, key }, { ca: authority.cert });
    expect(explainTlsFailure(client)).toContain("signed by itself or by an authority that is not trusted here");
  });

  it.each<[string, () => tls.ConnectionOptions, unknown]>([
    ["none", () => ({}), undefined],
    [
      "one of a stranger",
      () => stranger.issue(),
      { ok: false, reason: expect.stringContaining("authority of the other side's certificate is not known here") },
    ],
    [
      "one that has expired",
      () => authority.issue({ fromDays: -9, toDays: -2 }),
      { ok: false, reason: expect.stringContaining("the other side's certificate has expired (CERT_HAS_EXPIRED)") },
    ],
    [
      "one that names no service",
      () => authority.issue({ name: "plant7.example" }),
      { ok: false, reason: expect.stringContaining('is for "plant7.example", and its CN must begin with') },
    ],
    [
      "one that names two services",
      () => authority.issue({ name: "agent/CN=logic" }),
      { ok: false, reason: expect.stringContaining('is for ["agent","logic"]') },
    ],
    [
      "one that is right",
      () => authority.issue({ name: "agent.plant7.example" }),
      { ok: true, service: "agent", name: "agent.plant7.example", validTo: expect.any(Date) },
    ],
  ])("is not needed by a server whose client has %s", async (_what, certificate, verdict) => {
    const asking = { ...authority.issue(), ca: authority.cert, requestCert: true, rejectUnauthorized: false };
    const { server } = await connect(asking, { ca: authority.cert, ...certificate() });
    expect(server).toEqual(verdict);
  });

  it("explains to a client that it must present a certificate", async () => {
    const strict = { ...authority.issue(), ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const { client, server } = await connect(strict, { ca: authority.cert });
    for (const error of [client, server]) {
      expect(explainTlsFailure(error)).toContain("a certificate was required and none was presented");
    }
  });

  it("explains to both sides that only one uses TLS", async () => {
    const toTls = await exchange(await listenTls(authority.issue()), (port) =>
      net.connect(port, "127.0.0.1").end("GET / HTTP/1.1\r\n\r\n"),
    );
    expect(explainTlsFailure(toTls.server)).toContain("one side uses TLS and the other does not");
    const noise = await exchange(await listenTls(authority.issue()), (port) =>
      net.connect(port, "127.0.0.1").end("\0\u0001 noise, and a lot of it"),
    );
    expect(explainTlsFailure(noise.server)).toContain("one side uses TLS and the other does not");

    const toPlain = await exchange(await listenHttp(), (port) =>
      tls.connect(port, "127.0.0.1", { ca: authority.cert }),
    );
    expect(explainTlsFailure(toPlain.client)).toMatch(
      /one side uses TLS and the other does not \((?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)\)/,
    );
    expect(explainTlsFailure(toPlain.server)).toContain("the data is not HTTP: perhaps TLS");
  });

  it("explains to both sides that they have no TLS version in common", async () => {
    const { client, server } = await connect(
      { ...authority.issue(), minVersion: "TLSv1.3" },
      { ca: authority.cert, maxVersion: "TLSv1.2" },
    );
    for (const error of [client, server]) expect(explainTlsFailure(error)).toContain("no version of TLS in common");
  });

  it("explains to the client that nothing listens, and that a host has no address", async () => {
    const free = net.createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    expect(explainTlsFailure(await errorOf(net.connect(port, "127.0.0.1")))).toContain(
      "nothing listens there (ECONNREFUSED). Check",
    );
    const both = new AggregateError([await errorOf(net.connect(port, "127.0.0.1"))], "none of several");
    expect(explainTlsFailure(both)).toContain("nothing listens there (ECONNREFUSED)");
    const nowhere = explainTlsFailure(await errorOf(net.connect(port, "no-such-host.invalid")));
    expect(nowhere).toMatch(/the host has no address \(ENOTFOUND\)|cannot be asked for at the moment \(EAI_AGAIN\)/);
  });

  it("explains to the client that its connection was cut", async () => {
    const server = net.createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const words = explainTlsFailure(await errorOf(tls.connect(port, "127.0.0.1")));
    expect(words).toContain("the other side cut the connection (ECONNRESET). See its log");
    expect(words).toContain("compare useSsl on both sides");
  });

  it.each([
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "EAI_AGAIN",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "CERT_REVOKED",
    "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
  ])("has words for %s", (code) => {
    const words = explainTlsFailure(Object.assign(new Error("x"), { code }));
    expect(words).toMatch(/^[a-z].+ \([A-Z].+\)\. [A-Z]/);
    expect(words).toContain(code);
    expect(explainTlsFailure(code)).toBe(words);
  });

  it.each([
    undefined,
    null,
    7,
    {},
    new Error("CERT_HAS_EXPIRED"),
    Object.assign(new Error("x"), { code: 7 }),
    Object.assign(new Error("wrong version number"), { code: "E_OTHER" }),
  ])("has none for %s", (failure) => {
    expect(explainTlsFailure(failure)).toBeUndefined();
  });
});

/** A server, with the outcome of its first connection. */
interface Listening {
  readonly port: number;
  readonly outcome: Promise<unknown>;
}

async function connect(server: tls.TlsOptions, client: tls.ConnectionOptions): Promise<Outcome> {
  return exchange(await listenTls(server), (port) => tls.connect(port, "127.0.0.1", client));
}

async function exchange({ port, outcome }: Listening, open: (port: number) => net.Socket): Promise<Outcome> {
  const client = errorOf(open(port));
  return { client: await client, server: await outcome };
}

/** Why a connection failed; undefined when it ended normally. */
async function errorOf(socket: net.Socket): Promise<unknown> {
  let found: unknown;
  socket.on("error", (error) => {
    found ??= error;
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.resume().on("close", () => resolve());
  await promise;
  return found;
}

async function listenTls(options: tls.TlsOptions): Promise<Listening> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const server = tls.createServer(options, (socket) => {
    resolve(verifyClientCertificate(socket));
    socket.on("error", () => undefined).end();
  });
  server.on("tlsClientError", resolve);
  return { port: await listen(server), outcome: promise };
}

async function listenHttp(): Promise<Listening> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const server = createHttpServer();
  server.on("clientError", (error, socket) => {
    resolve(error);
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  return { port: await listen(server), outcome: promise };
}

async function listen(server: net.Server): Promise<number> {
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function joined(authority: TestAuthority, options: CertificateOptions = {}): string {
  const { cert, key } = authority.issue(options);
  return cert + key;
}

function selfSigned(...args: readonly string[]): { readonly cert: string; readonly key: string } {
  const dir = temporaryFolder();
  const kind =
    args.length > 0 ? args : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"];
  execFileSync("openssl", ["req", "-x509", "-nodes", "-keyout", "key", "-out", "cert", ...kind], {
    cwd: dir,
    stdio: "pipe",
  });
  const text = execFileSync("cat", ["cert", "key"], { cwd: dir, encoding: "utf8" });
  const end = text.indexOf("-----BEGIN PRIVATE KEY");
  return { cert: text.slice(0, end), key: text.slice(end) };
}

function weakBundle(): string {
  const { cert, key } = selfSigned("-newkey", "rsa:512", "-subj", "/CN=weak");
  return cert + key;
}
