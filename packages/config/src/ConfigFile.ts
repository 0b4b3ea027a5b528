import { messageOf, PeekError } from "@peek/errors";
import { applyEdits, type FormattingOptions, modify } from "jsonc-parser";
import { type CheckedDocument, checkTolerantly, type UnknownKey } from "./unknownKeys.ts";
import { explainIssues, pathText, valueAt } from "./explainIssues.ts";
import { FileLock } from "./FileLock.ts";
import { findDuplicateKey } from "./findDuplicateKey.ts";
import { type JsonDocument, readJsonDocument } from "./JsonDocument.ts";
import { withoutJit } from "./withoutJit.ts";
import { type ServiceConfig, type ServiceConfigInput, serviceConfigSchema } from "./serviceConfig.ts";
import { writeFileAtomic } from "./writeFileAtomic.ts";

/** The configuration of a service, read from its file. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: ServiceConfig;
  /** Whether the file was missing and has been created. */
  readonly created: boolean;
  /** The missing keys that were added with their defaults: `logging.daysToKeep`. */
  readonly filledIn: readonly string[];
  /** Keys that this version does not know, and keeps. */
  readonly unknownKeys: readonly UnknownKey[];
  /** Why the file could not be saved; the configuration is valid all the same. */
  readonly notSaved: PeekError | undefined;
}

const kind = {
  unreadable: "CONFIG_UNREADABLE",
  malformed: "CONFIG_MALFORMED",
  example: '{ "plugin": { "enabled": ["peek_plugin_tutorial"] } }',
} as const;
/** How many times a change is tried that finds the file edited meanwhile. */
const maxAttempts = 10;
/** How long to wait for another process that changes the file. */
const lockMs = 5000;

/** A complete configuration: its keys are proposed for unknown ones, its values in messages. */
function exampleConfig(): unknown {
  const { logging, plugin, storage, httpServer, dataExchange } = serviceConfigSchema.parse({}, withoutJit);
  return {
    logging: { ...logging, levels: { peek_plugin_tutorial: "DEBUG" } },
    plugin: { ...plugin, enabled: ["peek_plugin_tutorial"] },
    storage: { ...storage, connectUrl: "postgresql://peek:password@db.example:5432/peek" },
    httpServer: {
      dataExchange: {
        ...httpServer.dataExchange,
        sslBundleFilePath: "tls/bundle.pem",
        sslMutualTLSCertificateAuthorityBundleFilePath: "tls/authority.pem",
      },
    },
    dataExchange: {
      ...dataExchange,
      sslCertificateAuthorityBundleFilePath: "tls/authority.pem",
      sslClientBundleFilePath: "tls/bundle.pem",
      token: "peek_agent_…",
      nats: {
        ...dataExchange.nats,
        servers: ["nats://nats.example:4222"],
        user: "agent",
        password: "password",
        token: "token",
        credentialsFilePath: "nats.creds",
        sslCertificateAuthorityBundleFilePath: "tls/authority.pem",
        sslClientBundleFilePath: "tls/bundle.pem",
      },
    },
  };
}

/**
 * Reads the config.json of a service, adds missing keys with their defaults, and saves it.
 *
 * @param initial The values of a new file that differ from the defaults.
 * @throws PeekError `CONFIG_UNREADABLE`, `CONFIG_MALFORMED` or `CONFIG_INVALID`; the file is unchanged.
 */
export function loadConfig(file: string, initial: ServiceConfigInput = {}): LoadedConfig {
  const seen = tryLoad(file);
  if (seen !== undefined && seen.text === undefined) return seen.loaded;
  // The file has to be written: read it again while no other process can change it.
  const lock = tryLock(file);
  if (PeekError.is(lock)) return { ...(seen?.loaded ?? newConfig(file, initial)), notSaved: lock };
  using _lock = lock;
  return unlessEdited(() => {
    const { loaded, text, before } = tryLoad(file) ?? { loaded: newConfig(file, initial) };
    const toWrite = loaded.created ? `${JSON.stringify(loaded.config, null, 4)}\n` : text;
    if (toWrite === undefined) return loaded;
    const saved = trySave(file, toWrite, before);
    return saved === "edited" ? "edited" : { ...loaded, notSaved: saved };
  });
}

interface LoadedText {
  readonly loaded: LoadedConfig;
  /** The text to be saved; absent where nothing is. */
  readonly text?: string;
  /** The present text; absent for a missing file. */
  readonly before?: string;
}

/** The content of the file, and its text with all keys where some are missing; undefined for a missing file. */
function tryLoad(file: string): LoadedText | undefined {
  const document = readDocument(file);
  if (document === undefined) return undefined;
  const { config, unknownKeys } = checkConfig(document);
  const { text, filledIn } = fillIn(document, config);
  const loaded = { file, config, created: false, filledIn, unknownKeys, notSaved: undefined };
  return { loaded, before: document.text, ...(filledIn.length > 0 && { text }) };
}

function newConfig(file: string, initial: ServiceConfigInput): LoadedConfig {
  const config = serviceConfigSchema.parse(initial, withoutJit);
  return { file, config, created: true, filledIn: [], unknownKeys: [], notSaved: undefined };
}

/**
 * Reads and checks the config.json of a service, without changing it.
 *
 * @returns undefined for a missing file.
 * @throws PeekError as {@link loadConfig}.
 */
export function readConfig(
  file: string,
): { readonly config: ServiceConfig; readonly unknownKeys: readonly UnknownKey[] } | undefined {
  const document = readDocument(file);
  return document === undefined ? undefined : checkConfig(document);
}

/**
 * Changes one value of config.json, and keeps the text of all others.
 *
 * @param path The path of a known key: `["plugin", "enabled"]`.
 * @throws PeekError as {@link loadConfig}, also for the new value; `CONFIG_KEY_UNKNOWN` for an unknown key;
 *   `CONFIG_NOT_SAVED`. The file is unchanged then.
 */
export function setConfigValue(file: string, path: readonly string[], value: unknown): void {
  editConfigValue(file, path, () => value);
}

/**
 * Changes one value of config.json depending on its present value. No other process can change the file meanwhile.
 *
 * @param edit Returns the new value for the present one, including defaults; undefined removes the key from the file.
 * @throws PeekError as {@link setConfigValue}.
 */
export function editConfigValue(file: string, path: readonly string[], edit: (before: unknown) => unknown): void {
  // An error in the file is reported before one in locking it.
  readDocument(file);
  using _lock = lockConfig(file);
  const failure = unlessEdited(() => {
    const present = readDocument(file);
    const document = present ?? { file, text: "{}\n", value: {} };
    const value = edit(valueAt(checkConfig(document).config, path));
    checkKnown(path, value);
    const text = edited(document.text, path, value);
    checkNewValue({ file, text, value: JSON.parse(text) }, path);
    return trySave(file, text, present?.text);
  });
  if (failure !== undefined) throw failure;
}

/** Repeats work that reads and writes the file while somebody edits it by hand, who does not lock it. */
function unlessEdited<Result>(work: () => Result | "edited"): Result {
  for (let attempt = 1; ; attempt += 1) {
    const result = work();
    if (result !== "edited") return result;
    if (attempt === maxAttempts) {
      throw new PeekError("CONFIG_NOT_SAVED", `config.json was edited ${attempt} times while it was to be saved.`);
    }
  }
}

function lockConfig(file: string): FileLock {
  const lock = tryLock(file);
  if (PeekError.is(lock)) throw lock;
  return lock;
}

function tryLock(file: string): FileLock | PeekError {
  try {
    return FileLock.acquire(`${file}.lock`, { waitMs: lockMs, removesFile: true });
  } catch (cause) {
    return notSaved(file, cause);
  }
}

/** The present file is valid; with the new value it may not be. */
function checkNewValue(document: JsonDocument, path: readonly string[]): void {
  const { issues } = checkTolerantly(serviceConfigSchema, document.value, exampleConfig);
  if (issues.length === 0) return;
  const mistakes = explainIssues(document, issues, exampleConfig()).map((each) => each.replace(/^line \d+, /, ""));
  throw new PeekError(
    "CONFIG_INVALID",
    `${path.join(".")} was not set: ${mistakes.join("; ")}. ${document.file} is unchanged.`,
    {
      fields: { file: document.file, mistakes },
    },
  );
}

/**
 * Parses a key such as `logging.level` into a path. The rest after `logging.levels.` is one name, including its dots.
 */
export function configPath(key: string): readonly string[] {
  const [, levels, name] = /^(logging\.levels)\.(.+)$/.exec(key) ?? [];
  return levels === undefined || name === undefined ? key.split(".") : [...levels.split("."), name];
}

/**
 * One value of a configuration; undefined for a known key without a value.
 *
 * @throws PeekError `CONFIG_KEY_UNKNOWN`
 */
export function configValue(config: ServiceConfig, path: readonly string[]): unknown {
  const value = valueAt(config, path);
  if (value === undefined) checkKnown(path, undefined);
  return value;
}

function readDocument(file: string): JsonDocument | undefined {
  const document = readJsonDocument(file, kind);
  const duplicate = document === undefined ? undefined : findDuplicateKey(document.text);
  if (duplicate === undefined) return document;
  const { path, line } = duplicate;
  throw new PeekError(
    "CONFIG_MALFORMED",
    `${file} has ${pathText(path)} twice, again on line ${line}. Remove one of them. The file is unchanged.`,
    { fields: { file, path: pathText(path) } },
  );
}

/** Refuses a path or value with a key that this version does not know. */
function checkKnown(path: readonly string[], value: unknown): void {
  const { unknownKeys, issues } = checkAlone(path, value);
  const mistake = unknownKeys[0];
  if (mistake !== undefined) throw unknownKey(mistake.path, mistake.nearest);
  // The mistake is before the end of the path: the path leads into a value without keys.
  if (issues.some((issue) => issue.path.length < path.length)) throw unknownKey(path.join("."), undefined);
}

/** Checks a configuration that contains only this value. */
function checkAlone(path: readonly string[], value: unknown): CheckedDocument<ServiceConfig> {
  const alone = path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
  return checkTolerantly(serviceConfigSchema, alone, exampleConfig);
}

function unknownKey(path: string, nearest: string | undefined): PeekError {
  const hint = nearest === undefined ? "See the reference of config.json for all keys." : `Did you mean ${nearest}?`;
  return new PeekError("CONFIG_KEY_UNKNOWN", `config.json has no key ${path}. ${hint}`, { fields: { path, nearest } });
}

function checkConfig(document: JsonDocument): {
  readonly config: ServiceConfig;
  readonly unknownKeys: readonly UnknownKey[];
} {
  const { value, issues, unknownKeys } = checkTolerantly(serviceConfigSchema, document.value, exampleConfig);
  if (value !== undefined) return { config: value, unknownKeys };
  const mistakes = explainIssues(document, issues, exampleConfig());
  throw new PeekError(
    "CONFIG_INVALID",
    `${document.file} has ${mistakes.length === 1 ? "a mistake" : "mistakes"}:\n${mistakes.map((each) => `  ${each}`).join("\n")}\nThe file is unchanged.`,
    { fields: { file: document.file, mistakes } },
  );
}

/** @param before The text that was read. @returns "edited" when the file has another text now, and is unchanged. */
function trySave(file: string, text: string, before: string | undefined): PeekError | "edited" | undefined {
  try {
    return writeFileAtomic(file, text, ".", () => textOf(file) === before) ? undefined : "edited";
  } catch (cause) {
    return notSaved(file, cause);
  }
}

/** The text of the file; undefined where it is missing, or is being written by somebody. */
function textOf(file: string): string | undefined {
  try {
    return readDocument(file)?.text;
  } catch {
    return undefined;
  }
}

function notSaved(file: string, cause: unknown): PeekError {
  return new PeekError("CONFIG_NOT_SAVED", `${file} could not be saved: ${messageOf(cause)}. The file is unchanged.`, {
    cause,
    fields: { file },
  });
}

function fillIn(
  document: JsonDocument,
  config: ServiceConfig,
): { readonly text: string; readonly filledIn: readonly string[] } {
  const missing = missingPaths(document.value, config, []);
  const text = missing.reduce((before, path) => edited(before, path, valueAt(config, path)), document.text);
  return { text, filledIn: missing.map((path) => path.join(".")) };
}

function missingPaths(found: unknown, complete: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (found === undefined) return [path];
  if (typeof complete !== "object" || complete === null || Array.isArray(complete)) return [];
  return Object.entries(complete).flatMap(([key, value]) => missingPaths(valueAt(found, [key]), value, [...path, key]));
}

function edited(text: string, path: readonly string[], value: unknown): string {
  return applyEdits(text, modify(text, [...path], value, { formattingOptions: formattingOf(text) }));
}

function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? "    ";
  return { insertSpaces: !indent.startsWith("\t"), tabSize: indent.length, eol: text.includes("\r\n") ? "\r\n" : "\n" };
}
