import type { ServiceConfig, ServiceHome } from "@peek/config";
import { ConsoleSink, FileSink, Logging, type LogSink } from "@peek/logging";
import type { ServiceName } from "@peek/plugin-base";

/** The logging of a service, as its config.json asks for it. */
export function createLogging(
  service: ServiceName,
  home: ServiceHome,
  config: ServiceConfig["logging"],
  furtherSinks: readonly LogSink[],
): Logging {
  const { format, timestamps, daysToKeep, maxFileMegabytes } = config;
  const sinks: LogSink[] = [...furtherSinks];
  if (config.logToStdout) sinks.push(new ConsoleSink({ format, timestamps }));
  const logging = new Logging({ level: config.level, levels: config.levels, sinks });
  if (!config.logToFile) return logging;
  const logger = logging.getLogger("peek_logging.FileSink");
  sinks.push(
    new FileSink({
      dir: home.logDir,
      name: `peek-${service}-service`,
      format,
      daysToKeep,
      maxFileMegabytes,
      onTrouble: (trouble) => {
        if (trouble === undefined) logger.info("The log file can be written again");
        else logger.warning(trouble.message);
      },
    }),
  );
  return logging;
}
