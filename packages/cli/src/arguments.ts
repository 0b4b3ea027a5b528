import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { Argument, InvalidArgumentError, Option } from "commander";

/** One service, required. */
export function serviceArgument(): Argument {
  return new Argument("<service>", "the service").choices([...serviceNames]);
}

/** Some services, as a list with commas; all where none is given. */
export function servicesOption(): Option {
  return new Option("-s, --service <services>", "only these services: logic,field").argParser<readonly ServiceName[]>(
    (text, before) => [...(before ?? []), ...text.split(",").map(parseService)],
  );
}

/** A service's name, from the command line. */
export function parseService(text: string): ServiceName {
  const found = serviceNames.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`It is one of ${serviceNames.join(", ")}.`);
  return found;
}

/** Print data instead of text. */
export function jsonOption(): Option {
  return new Option("--json", "print JSON").default(false);
}
