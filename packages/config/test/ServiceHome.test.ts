import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { createServiceHome, resolveInHome, serviceHome, siblingHome } from "@peek/config";
import { caught } from "./caught.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("serviceHome", () => {
  it.each([
    ["the account's home folder", {}, homedir()],
    ["the account's home folder where PEEK_HOME is empty", { PEEK_HOME: "" }, homedir()],
    ["PEEK_HOME", { PEEK_HOME: "/srv/peek" }, "/srv/peek"],
    ["PEEK_HOME, relative to the working folder", { PEEK_HOME: "somewhere" }, resolve("somewhere")],
  ])("is in %s", (_where, environment, base) => {
    const dir = join(base, "peek-logic-service.home");
    expect(serviceHome("logic", environment)).toEqual({
      dir,
      configFile: join(dir, "config.json"),
      lockFile: join(dir, "service.lock"),
      logDir: join(dir, "log"),
      postgresDir: join(dir, "postgresql"),
      tokensDir: join(dir, "tokens"),
      usersDir: join(dir, "users"),
    });
  });
});

describe("createServiceHome", () => {
  it("makes the folder and those above it, for its owner alone", () => {
    const home = serviceHome("field", { PEEK_HOME: join(temporaryFolder(), "a", "b") });
    createServiceHome(home);
    expect(statSync(home.dir).mode & 0o777).toBe(0o700);
  });

  it("leaves a folder that is there as it is", () => {
    const home = serviceHome("field", { PEEK_HOME: temporaryFolder() });
    mkdirSync(home.dir, { mode: 0o750 });
    writeFileSync(join(home.dir, "note"), "kept");
    createServiceHome(home);
    expect(statSync(home.dir).mode & 0o777).toBe(0o750);
    expect(statSync(join(home.dir, "note")).size).toBe(4);
  });

  it("takes a link to a folder for the folder", () => {
    const base = temporaryFolder();
    const home = serviceHome("field", { PEEK_HOME: base });
    mkdirSync(join(base, "elsewhere"));
    symlinkSync("elsewhere", home.dir);
    expect(() => createServiceHome(home)).not.toThrow();
  });

  it("says so when a file is in its place", () => {
    const home = serviceHome("field", { PEEK_HOME: temporaryFolder() });
    writeFileSync(home.dir, "");
    const error = caught(() => createServiceHome(home));
    expect(error.code).toBe("HOME_UNUSABLE");
    expect(error.message).toContain(`${home.dir} cannot be created: it is a file`);
    expect(error.message).toContain("PEEK_HOME");
  });

  it("says so when the base folder is a file", () => {
    const base = join(temporaryFolder(), "file");
    writeFileSync(base, "");
    const error = caught(() => createServiceHome(serviceHome("field", { PEEK_HOME: base })));
    expect(error).toMatchObject({ code: "HOME_UNUSABLE", exitCode: 78 });
    expect(error.message).not.toContain("\n");
  });
});

describe("siblingHome", () => {
  it("is beside a service's own", () => {
    const homes = { PEEK_HOME: "/srv/peek" };
    expect(siblingHome(serviceHome("agent", homes), "logic")).toEqual(serviceHome("logic", homes));
  });
});

describe("resolveInHome", () => {
  const home = serviceHome("logic", { PEEK_HOME: "/srv" });

  it.each([
    ["plugin-data", join(home.dir, "plugin-data")],
    ["./plugin-data", join(home.dir, "plugin-data")],
    ["../shared", "/srv/shared"],
    ["/var/peek", "/var/peek"],
    ["~", homedir()],
    ["~/peek", join(homedir(), "peek")],
    ["~peek", join(home.dir, "~peek")],
  ])("takes %s for %s", (folder, path) => {
    expect(resolve(resolveInHome(home, folder))).toBe(resolve(path));
  });
});
