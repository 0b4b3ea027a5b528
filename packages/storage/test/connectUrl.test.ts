import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../src/query/parseJson.ts";
import { describeTarget, parseConnectUrl } from "../src/connection/ConnectionTarget.ts";
import { caught } from "./support.ts";

const password = "s3cret-pa55";

describe("storage.connectUrl", () => {
  it("names user, password, host, port and database", () => {
    expect(parseConnectUrl(`postgresql://me:${password}@db.example:6000/plant`)).toEqual({
      kind: "server",
      host: "db.example",
      port: 6000,
      user: "me",
      password,
      database: "plant",
      tls: false,
    });
  });

  it("may omit the password and port, and may name the folder of a socket", () => {
    expect(parseConnectUrl("postgres://me@db.example/plant")).toMatchObject({ port: 5432, password: undefined });
    expect(parseConnectUrl("postgresql://me@/plant?host=/run/postgresql&port=5433")).toMatchObject({
      host: "/run/postgresql",
      port: 5433,
    });
  });

  it("may contain any character in its parts if it is encoded", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((each) => each.isWellFormed());
    fc.assert(
      fc.property(part, part, (user, secret) => {
        const url = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@db.example/plant`;
        expect(parseConnectUrl(url)).toMatchObject({ user, password: secret });
      }),
    );
  });

  it.each([
    ["disable", false],
    ["require", { rejectUnauthorized: false }],
    ["verify-full", {}],
  ])("interprets sslmode=%s as PostgreSQL's own programs do", (mode, tls) => {
    expect(parseConnectUrl(`postgresql://me@db.example/plant?sslmode=${mode}`).tls).toEqual(tls);
  });

  it.each([
    ["no user", "postgresql://db.example/plant"],
    ["no database", `postgresql://me:${password}@db.example`],
    ["a certificate that is not there", `postgresql://me:${password}@db.example/plant?sslrootcert=/no/such.crt`],
    ["a port that is none", `postgresql://me:${password}@db.example:port/plant`],
  ])("is rejected with %s, without showing the password", async (_what, url) => {
    const error = await caught(() => parseConnectUrl(url));
    expect([error.code, error.message]).toEqual(["STORAGE_REFUSED", expect.stringContaining("storage.connectUrl")]);
    expect(error.message).not.toContain(password);
  });

  it("is described in messages without its password", () => {
    const name = describeTarget(parseConnectUrl(`postgresql://me:${password}@db.example:6000/plant`));
    expect(name).toBe("plant at db.example:6000, as me");
    expect(describeTarget(parseConnectUrl(`postgresql://me:${password}@/plant?host=/run`))).toBe(
      "plant at the socket /run (port 5432), as me",
    );
  });
});

describe("JSON from the database", () => {
  it("is parsed as by JSON.parse, but integers beyond 2^53 are exact", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        const big = /(?<![\d.e"-])-?\d{16,}(?![\d.e])/.test(text);
        if (!big) expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const expected = Number.isSafeInteger(Number(value)) ? Number(value) : value;
        expect(parseJson(`{"n": [${value}]}`)).toEqual({ n: [expected] });
      }),
    );
  });

  it("keeps decimals as numbers, and digits in texts as texts", () => {
    const decimals = "[0.1234567890123456789,12345678901234567890.5]";
    expect(parseJson(decimals)).toEqual(JSON.parse(decimals));
    expect(parseJson('{"id": "12345678901234567890"}')).toEqual({ id: "12345678901234567890" });
  });
});
