import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { Argument, InvalidArgumentError, Option } from "commander";

/** The argument for one service. */
export function serviceArgument(): Argument {
  return new Argument("<service>", "the service").choices([...serviceNames]);
}

/** The option for some services, separated by commas; default: all. */
export function servicesOption(): Option {
  return new Option("-s, --service <services>", "only these services: logic,field").argParser<readonly ServiceName[]>(
    (text, before) => [...(before ?? []), ...text.split(",").map(parseService)],
  );
}

/** Parses the name of a service. */
export function parseService(text: string): ServiceName {
  const found = serviceNames.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`Allowed are ${serviceNames.join(", ")}.`);
  return found;
}

/** The option to print data instead of text. */
export function jsonOption(): Option {
  return new Option("--json", "print JSON").default(false);
}
