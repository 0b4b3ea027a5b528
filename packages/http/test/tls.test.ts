import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect, it } from "vitest";
import { temporaryFolder } from "@peek/kit/testing";
import type { SiteTls } from "../src/index.ts";
import { securityHeaders } from "../src/site/securityHeaders.ts";
import { openSite } from "./openSite.ts";

function certificate(name: string): SiteTls {
  const dir = temporaryFolder();
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", "cert.pem", "-subj", `/CN=${name}`], {
    cwd: dir,
    stdio: "pipe",
  });
  return { cert: readFileSync(join(dir, "cert.pem")), key: readFileSync(join(dir, "key.pem")) };
}

async function nameAt(port: number): Promise<unknown> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

async function ask(url: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const request = get(url, { rejectUnauthorized: false, agent: false, ...options });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response;
}

it("a site with TLS restricts cookies to encrypted connections, and uses a renewed certificate without a restart", async () => {
  const { site, origin } = await openSite({ tls: certificate("before") });
  expect(origin).toBe(`https://127.0.0.1:${site.port}`);
  const { headers } = await ask(`${origin}/peek/session`);
  expect(headers["set-cookie"]).toEqual([
    expect.stringMatching(/^__Host-peek_device=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    expect.stringMatching(/^peek_user=.*; Secure; SameSite=Lax$/),
  ]);
  // Browsers would apply it to plain sites of the same host too, on all ports.
  expect(headers).not.toHaveProperty("strict-transport-security");
  expect((await ask(`${origin}/x`, { method: "POST", headers: { origin } })).statusCode).toBe(404);
  const plain = { origin: origin.replace("https", "http") };
  expect((await ask(`${origin}/x`, { method: "POST", headers: plain })).statusCode).toBe(403);
  expect(await nameAt(site.port)).toBe("before");
  site.setTls(certificate("after"));
  expect(await nameAt(site.port)).toBe("after");
});

it("the site tells browsers to insist on TLS only at the default port", () => {
  const hstsOf = (port: number, tls?: SiteTls): unknown =>
    securityHeaders({ port, tls, allowedOrigins: [] }).strictTransportSecurity;
  const tls = { cert: "", key: "" };
  expect(hstsOf(443, tls)).toEqual({ maxAge: 15_552_000, includeSubDomains: false });
  expect(hstsOf(8000, tls)).toBe(false);
  expect(hstsOf(443)).toBe(false);
});
