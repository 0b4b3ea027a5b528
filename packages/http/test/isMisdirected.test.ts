import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { AnonymousSessionProvider, type SessionProvider } from "../src/index.ts";
import { hostRulesOf, isMisdirected } from "../src/site/isMisdirected.ts";

const anonymous = new AnonymousSessionProvider();
const withLogin: SessionProvider = {
  authenticate: (request) => anonymous.authenticate(request),
  track: () => anonymous.track(),
  loginHandler: { logIn: async () => ({ ok: false, reason: "refused" }), logOut: async () => undefined },
};
const network = { localAddress: "192.168.1.5" };
const overTls = { ...network, encrypted: true };
const none = { allowedHosts: [], allowedOrigins: [], sessions: anonymous, trustProxy: false };

describe("a request over the network", () => {
  it.each([
    ["for another host name, to a site without login", network, "http://evil.example:8000", {}, true],
    ["for a name that begins like the machine's", network, `http://${hostname()}.evil.example`, {}, true],
    ["for an address", network, "http://192.168.1.5:8000", {}, false],
    ["for an IPv6 address", network, "http://[fe80::1]:8000", {}, false],
    ["for the machine's own name", network, `http://${hostname()}:8000`, {}, false],
    ["for its name in the local network", network, `http://${hostname().split(".", 1)[0] ?? ""}.local`, {}, false],
    ["for a name that is configured", network, "http://peek.example", { allowedHosts: ["peek.example"] }, false],
    ["for an origin's", network, "http://peek.example", { allowedOrigins: ["http://peek.example"] }, false],
    ["without a host", network, "", {}, false],
    ["for any name, where users log in", network, "http://peek.example", { sessions: withLogin }, false],
    ["for any name, where the browser has compared it", overTls, "https://peek.example", {}, false],
    ["for any name, by a proxy", network, "http://peek.example", { trustProxy: true }, false],
    [
      "for one that is not configured, where users log in",
      overTls,
      "https://evil.example",
      { sessions: withLogin, allowedHosts: ["peek.example"] },
      true,
    ],
  ])("%s", (_what, socket, origin, options, isRefused) => {
    expect(isMisdirected(socket, { origin }, hostRulesOf({ ...none, ...options }))).toBe(isRefused);
  });
});
