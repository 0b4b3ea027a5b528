import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBundle, type TlsBundle, TlsReloader } from "@peek/bus/identity";
import { expect, it, onTestFinished, vi } from "vitest";
import { type RecordingLog, recordingLog } from "../bus/recordingLog.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { type CertificateOptions, TestAuthority } from "./TestAuthority.ts";

const dayMs = 86_400_000;

/** A certificate file with a reloader, under fake timers. */
class Followed {
  readonly log: RecordingLog = recordingLog();
  readonly used: TlsBundle[] = [];
  readonly #authority = new TestAuthority(temporaryFolder());
  readonly #file = join(temporaryFolder(), "bundle.pem");

  constructor(options: CertificateOptions) {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    this.replace(options);
    const renewal = new TlsReloader({
      files: [this.#file],
      read: () => readBundle(this.#file),
      use: (tls) => void this.used.push(tls),
      logger: this.log,
    });
    onTestFinished(() => renewal[Symbol.dispose]());
  }

  get subjects(): readonly string[] {
    return this.used.map(({ subject }) => subject);
  }

  replace(options: CertificateOptions): void {
    const { cert, key } = this.#authority.issue(options);
    this.write(cert + key);
  }

  write(text: string): void {
    writeFileSync(this.#file, text);
  }
}

const pass = (ms: number): void => void vi.advanceTimersByTime(ms);

/** Advances the clock by days, and triggers one check. */
function passDays(days: number): void {
  vi.setSystemTime(Date.now() + days * dayMs);
  pass(2000);
}

it("a renewed certificate is used and logged", () => {
  const followed = new Followed({ name: "old" });
  pass(10_000);
  followed.replace({ name: "new", toDays: 90 });
  pass(10_000);
  expect(followed.subjects).toEqual(["CN=old", "CN=new"]);
  expect(followed.log.lines).toEqual([
    expect.stringMatching(/^info Reloaded the certificate of CN=new, valid until \d{4}-.*Z$/),
  ]);
});

it("an unusable certificate is logged once and skipped, and the next usable one is used", () => {
  const followed = new Followed({ name: "old" });
  followed.write("no certificate");
  pass(60_000);
  expect(followed.subjects).toEqual(["CN=old"]);
  expect(followed.log.lines).toEqual([
    expect.stringMatching(/^error .*bundle\.pem cannot be used for TLS: .* The previous certificate stays in use$/),
  ]);
  followed.replace({ name: "new" });
  pass(2000);
  expect(followed.subjects).toEqual(["CN=old", "CN=new"]);
  expect(followed.log.lines).toHaveLength(2);
});

it("a certificate that is being written is waited for without a log line", () => {
  const followed = new Followed({ name: "old" });
  followed.write("");
  pass(2000);
  followed.replace({ name: "new" });
  pass(2000);
  expect(followed.log.lines).toEqual([expect.stringMatching(/^info Reloaded the certificate/)]);
});

it("an expiring certificate is a daily warning from two weeks before", () => {
  const followed = new Followed({ name: "old", toDays: 15 });
  passDays(0.9);
  expect(followed.log.lines).toEqual([]);
  passDays(1);
  pass(60_000);
  expect(followed.log.lines).toEqual([
    expect.stringMatching(/^warning The certificate of CN=old in .*bundle\.pem expires on .*Z\. Renew it: /),
  ]);
  passDays(1);
  expect(followed.log.lines).toHaveLength(2);
  followed.replace({ name: "new", toDays: 400 });
  passDays(3);
  expect(followed.log.lines).toHaveLength(3);
  expect(followed.log.lines[2]).toMatch(/^info Reloaded the certificate/);
});

it("an expired certificate is an error", () => {
  const followed = new Followed({ name: "old", toDays: 15 });
  passDays(20);
  expect(followed.log.lines).toEqual([expect.stringMatching(/^error The certificate of CN=old in .* expired on /)]);
});
