/** The argument of this process: the JSON on the command line. */
export function readArgument() {
  return JSON.parse(process.argv[2]);
}
