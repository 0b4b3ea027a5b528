export { ConsoleSink, type ConsoleSinkOptions } from "./ConsoleSink.ts";
export { FileSink, type FileSinkOptions } from "./FileSink.ts";
export { Logging, type LoggingOptions, type NamedLogger } from "./Logging.ts";
export type { Level, LogRecord } from "./LogRecord.ts";
export type { LogFormat, LogLine, LogSink } from "./LogSink.ts";
export { moduleLoggerName } from "./moduleLoggerName.ts";
export { maskSecrets } from "./redact/maskSecrets.ts";
export { redacted } from "./redact/redacted.ts";
