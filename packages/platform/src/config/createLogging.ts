import type { ServiceConfig, ServiceHome } from "@peek/config";
import { ConsoleSink, FileSink, Logging, type LogSink } from "@peek/logging";
import type { ServiceName } from "@peek/plugin-base";

/** Makes the logging of a service, as its config.json says. */
export function createLogging(
  service: ServiceName,
  home: ServiceHome,
  config: ServiceConfig["logging"],
  furtherSinks: readonly LogSink[],
): Logging {
  const { format, timestamps, daysToKeep, maxFileMegabytes } = config;
  const sinks: LogSink[] = [...furtherSinks];
  const logging = new Logging({ level: config.level, levels: config.levels, sinks });
  if (config.logToStdout) {
    const logger = logging.getLogger("peek_logging.ConsoleSink");
    sinks.push(
      new ConsoleSink({
        format,
        timestamps,
        onTrouble: (trouble) => logger.warning(trouble.message),
        onRecovery: (lost) => logger.info("Standard output can be written again; %d lines were lost", lost),
      }),
    );
  }
  if (config.logToFile) {
    const logger = logging.getLogger("peek_logging.FileSink");
    sinks.push(
      new FileSink({
        dir: home.logDir,
        name: `peek-${service}-service`,
        format,
        daysToKeep,
        maxFileMegabytes,
        onTrouble: (trouble) => logger.warning(trouble.message),
        onRecovery: (lost) => logger.info("The log file can be written again; %d lines were lost", lost),
        onReopen: () => logger.info("The log file was moved or removed; this is a new log file"),
      }),
    );
  }
  return logging;
}
