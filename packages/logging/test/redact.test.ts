import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Logging, maskSecrets } from "@peek/logging";
import { CapturingSink } from "./CapturingSink.ts";

const s = "hunter2";

function logged(facts: object, message = "x"): CapturingSink["lines"][number] {
  const sink = new CapturingSink();
  const logging = new Logging({ level: "DEBUG", sinks: [sink] });
  logging.getLogger("peek_plugin_a").info(facts, message);
  const [line] = sink.lines;
  if (line === undefined) throw new Error("Nothing was written");
  return line;
}

describe("a fact that is a secret by its name", () => {
  const names = [
    ...[
      "password",
      "Password",
      "PASSWORD",
      "passwd",
      "pwd",
      "pass",
      "passphrase",
      "userPassword",
      "password_hash",
      "newPassword2",
    ],
    ...[
      "PGPASSWORD",
      "secret",
      "clientSecret",
      "client_secret",
      "CLIENT-SECRET",
      "token",
      "accessToken",
      "access_token",
      "refreshToken",
    ],
    ...[
      "id_token",
      "x-auth-token",
      "csrfToken",
      "apiKey",
      "api_key",
      "apikey",
      "x-api-key",
      "API_KEY",
      "privateKey",
      "secretAccessKey",
    ],
    ...[
      "authorization",
      "Authorization",
      "Proxy-Authorization",
      "cookie",
      "Cookie",
      "set-cookie",
      "Set-Cookie",
      "credentials",
    ],
    ...["connectUrl", "connectionString", "sessionId", "session_id", "jwt"],
  ];

  it.each(names)("%s is not written, at any depth and of any type", (name) => {
    const { json, record } = logged({
      [name]: s,
      a: { b: [{ c: { [name]: s, other: 1 } }] },
      list: { [name]: [s, s] },
      more: { [name]: { value: s } },
      number: { [name]: 70_127_012 },
    });
    expect(json).not.toContain(s);
    expect(json).not.toContain("70127012");
    expect(record).toMatchObject({ [name]: "[redacted]", a: { b: [{ c: { [name]: "[redacted]", other: 1 } }] } });
    expect(record["list"]).toEqual({ [name]: "[redacted]" });
  });

  it.each([
    ["passwordLength", 8],
    ["tokens", 5],
    ["maxTokens", 5],
    ["token_type", "bearer"],
    ["tokenId", "k3v9x2m7"],
    ["tokenExpiresAt", "2026-11-22"],
    ["hasPassword", true],
    ["password", null],
    ["password", ""],
    ["secretary", "Ms. Miller"],
    ["bypass", "valve 7"],
    ["compass", "north"],
    ["key", "meter-7"],
    ["primaryKey", "id"],
    ["author", "Miller"],
  ])("%s: %j is not a secret", (name, value) => {
    expect(logged({ [name]: value }).record).toMatchObject({ [name]: value });
  });
});

/** Messages, and the text that the log has of each. */
const table: readonly (readonly [text: string, masked: string])[] = [
  // Assignments.
  ["password=hunter2", "password=[redacted]"],
  ["PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=[redacted] psql -h db"],
  ["export DB_PASSWORD='hunter2 and more'", "export DB_PASSWORD='[redacted]'"],
  ["password = hunter2, user = a", "password = [redacted], user = a"],
  ["password: hunter2", "password: [redacted]"],
  ["GET /a?access_token=hunter2&b=1", "GET /a?access_token=[redacted]&b=1"],
  ["https://h/a?b=1&api_key=hunter2#c", "https://h/a?b=1&api_key=[redacted]"],
  ["Server=db;User Id=a;Password=hunter2;Port=1", "Server=db;User Id=a;Password=[redacted];Port=1"],
  ["host=db password=hunter2 user=a", "host=db password=[redacted] user=a"],
  ['password="hunter2 \\"with\\" quotes" user=a', 'password="[redacted]" user=a'],
  ["{ password: 'hunter2', user: 'a' }", "{ password: '[redacted]', user: 'a' }"],
  ["{ password => hunter2 }", "{ password => [redacted] }"],
  // JSON, also within JSON.
  ['{"user":"a","password":"hunter2"}', '{"user":"a","password":"[redacted]"}'],
  ['{"clientSecret": "hunter2 with blanks"}', '{"clientSecret": "[redacted]"}'],
  ['{"body":"{\\"api_key\\":\\"hunter2\\",\\"a\\":1}"}', '{"body":"{\\"api_key\\":\\"[redacted]\\",\\"a\\":1}"}'],
  ['{"tokens":["hunter2","hunter2"],"a":1}', '{"tokens":[redacted],"a":1}'],
  ['{"a":{"b":{"Password":"hunter2"', '{"a":{"b":{"Password":"[redacted]"'],
  ['{"password":"hunter2', '{"password":"[redacted]'],
  // Headers.
  ["Authorization: Bearer hunter2", "Authorization: [redacted]"],
  ["Authorization: Basic YTpodW50ZXIy and so on", "Authorization: [redacted]"],
  ["Cookie: a=hunter2; b=hunter2\nHost: h", "Cookie: [redacted]\nHost: h"],
  ["set-cookie: session=hunter2; HttpOnly", "set-cookie: [redacted]"],
  ['{"set-cookie":["a=hunter2; Path=/","b=hunter2"],"status":200}', '{"set-cookie":[redacted],"status":200}'],
  ['{"passwords":["hun]hunter2","x"],"status":200}', '{"passwords":[redacted],"status":200}'],
  [
    String.raw`{"m":"{\"set-cookie\":[\"a=hunter2\"],\"s\":1}"}`,
    String.raw`{"m":"{\"set-cookie\":[redacted],\"s\":1}"}`,
  ],
  ["X-Api-Key: hunter2", "X-Api-Key: [redacted]"],
  ["sent Bearer hunter2 to it", "sent Bearer [redacted] to it"],
  ["bearer abc.DEF-123_456~+/==", "bearer [redacted]"],
  ["Basic YTpodW50ZXIy", "Basic [redacted]"],
  // Command lines and SQL.
  ["psql --password hunter2 --host db", "psql --password [redacted] --host db"],
  ["curl --oauth2-bearer hunter2", "curl --oauth2-bearer [redacted]"],
  ["tool --api-key=hunter2", "tool --api-key=[redacted]"],
  ["ALTER ROLE a PASSWORD 'hunter2 ''quoted'' more' VALID", "ALTER ROLE a PASSWORD '[redacted]' VALID"],
  ["CREATE USER a IDENTIFIED BY 'hunter2'", "CREATE USER a IDENTIFIED BY '[redacted]'"],
  // URLs.
  ["postgres://peek:hunter2@db/peek", "postgres://peek:[redacted]@db/peek"],
  ["redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379"],
  ["a://u:hunter2@h and b://v:hunter2@i", "a://u:[redacted]@h and b://v:[redacted]@i"],
  ["a://u:hunter2@h,b://v:hunter2@i", "a://u:[redacted]@h,b://v:[redacted]@i"],
  ["https://u:hun%40ter2@h", "https://u:[redacted]@h"],
  ["postgres://u:hun/ter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:hun#ter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:hun?ter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:hun@ter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:hun@ter/2@db:5432/peek", "postgres://u:[redacted]@db:5432/peek"],
  ["postgres://u:hunter 2 and more@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:hun:ter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ["postgres://u:123/hunter2@db/peek", "postgres://u:[redacted]@db/peek"],
  ['cannot reach "amqp://u:hunter2@h": refused', 'cannot reach "amqp://u:[redacted]@h": refused'],
  ["postgres://u:hunter2@[::1]:5432/peek", "postgres://u:[redacted]@[::1]:5432/peek"],
  // Secrets that are known by their shape.
  ["got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123 from it", "got [redacted] from it"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nand", "[redacted]\nand"],
  ["peek_agent_k3v4x2m7_hunter2hunter2hunter2-_", "peek_agent_k3v4x2m7_[redacted]"],
];

/** Texts without a secret, which the log leaves unchanged. */
const harmless: readonly string[] = [
  ...[
    "https://example.com:8080/a@b",
    "see https://example.com/x:y",
    "mail a:b@c",
    "http://user@host/",
    "http://localhost:80/@a/b",
  ],
  ...["https://example.com:8080 was asked by a@b", "postgres://db:5432/peek", "file:///a/node_modules/@peek/x.js:1:2"],
  ...["token: invalid signature", "password: is too short", "The password is missing", "Bearer authentication failed"],
  ...["Basic settings were read", "tokens: 5", "token_type=bearer", "a secret: none", "primary key=5", "authors=3"],
  ...[
    "peek_plugin_tutorial_aaaaaaaa_hunter2hunter2hunter2",
    "Loaded in 5 ms: a=1, b=2",
    "--verbose hunter2",
    "12:30:00",
  ],
];

describe("a message", () => {
  it.each(table)("%j is written without its secret", (text, masked) => {
    const { record, json } = logged({ fact: text }, text);
    expect(record.msg).toBe(masked);
    expect(record["fact"]).toBe(masked);
    expect(json).not.toContain(s);
  });

  it.each(table)("%j is written so as an error's message too", (text, masked) => {
    const { record } = logged({ err: new Error(text) });
    expect(record.err?.message).toBe(masked);
    expect(record.err?.stack).not.toContain(s);
  });

  it.each(harmless)("%j is unchanged", (text) => {
    expect(logged({ fact: text }, text).record).toMatchObject({ msg: text, fact: text });
  });

  it("that is masked is unchanged when it is masked again", () => {
    for (const [, masked] of table) expect(maskSecrets(masked)).toBe(masked);
  });

  it("is masked with any text around the secret", () => {
    const around = fc.string({ unit: "grapheme-ascii", maxLength: 30 }).filter((text) => !/["'\\]/.test(text));
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(maskSecrets(`${before} password=hunter2 ${after}`)).not.toContain("hunter2");
        expect(maskSecrets(`${before} {"api_key":"hunter2"} ${after}`)).not.toContain("hunter2");
      }),
    );
  });
});

describe("a line", () => {
  it("keeps its big numbers and the order of its facts where it is masked", () => {
    const { json } = logged({ b: 12_345_678_901_234_567_890n, token: s, a: 1.5 });
    expect(json).toContain('"b":"12345678901234567890","token":"[redacted]","a":1.5,"msg":"x"');
  });

  it.each([
    ["message", (long: string) => logged({}, long)],
    ["error", (long: string) => logged({ err: new Error(long) })],
    ["fact", (long: string) => logged({ fact: long })],
    [
      "many facts",
      (long: string) =>
        logged(
          Object.fromEntries(
            long
              .split("")
              .slice(0, 50_000)
              .map((x, i) => [`f${i}`, x]),
          ),
        ),
    ],
  ])("that is long by its %s is cut, and is JSON still", (_what, write) => {
    const { json, record } = write(`${"x".repeat(1_000_000)} password=hunter2`);
    expect(json.length).toBeLessThan(300_000);
    expect(JSON.parse(json)).toEqual(record);
    expect(record.name).toBe("peek_plugin_a");
  });

  it.each([
    ["://a:", "@"],
    ["token=", "'"],
    ['\\"', "token"],
    ["--a ", "="],
    ["eyJaaaaaaaa.", "x"],
    ["-----BEGIN PRIVATE KEY-----", ""],
    ["password", ""],
    ["'", "PASSWORD '"],
    ["a".repeat(50), "=token"],
    ["://u:p ", ""],
    ["Bearer ", ""],
    ["[", "tokens=["],
    ["secret: [", ""],
  ])("of a million characters %j is masked in time", (part, end) => {
    // In time that grows with the square of the length, this would take minutes: the test's own limit ends it.
    const text = part.repeat(Math.ceil(1_000_000 / part.length)) + end;
    expect(typeof maskSecrets(text)).toBe("string");
  });
});
