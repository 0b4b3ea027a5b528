/** What the bench has for this process: the JSON on the command line. */
export function readArgument() {
  return JSON.parse(process.argv[2]);
}
