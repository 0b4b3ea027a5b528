import { ExitCode, PeekError } from "@peek/errors";

/**
 * The fields of a log line about a plugin's error. The stack is among them where code threw; where a person made a mistake,
 * the message says everything.
 */
export function errorFields(error: PeekError): Readonly<Record<string, unknown>> {
  const { cause, code, fields } = error;
  const isFault = error.exitCode === ExitCode.internal && cause instanceof Error && !PeekError.is(cause);
  return isFault ? { code, ...fields, err: cause } : { code, ...fields };
}
