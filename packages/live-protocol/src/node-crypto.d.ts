// The only part of Node that this package uses. Node's own types would allow all of it, also in the files for browsers.
declare module "node:crypto" {
  interface Hash {
    update(text: string): Hash;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
}
