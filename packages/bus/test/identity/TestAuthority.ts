import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The properties of a certificate of a {@link TestAuthority}. */
export interface CertificateOptions {
  /** The CN of its subject. Default: `logic`. */
  readonly name?: string;
  /** Its subject alternative names. Default: `DNS:localhost,IP:127.0.0.1`. */
  readonly hosts?: string;
  /** How many days from now its validity begins. Default: -1. */
  readonly fromDays?: number;
  /** How many days from now its validity ends. Default: 30. */
  readonly toDays?: number;
}

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;

/** An authority that signs certificates with openssl. */
export class TestAuthority {
  readonly #dir: string;
  #count = 0;
  /** Its own certificate, in PEM. */
  readonly cert: string;

  /** @param dir An empty folder for its files. */
  constructor(dir: string, name = "Test authority") {
    this.#dir = dir;
    this.#openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", `/CN=${name}`);
    this.cert = this.#read("ca.pem");
    writeFileSync(join(dir, "index.txt"), "");
    writeFileSync(join(dir, "serial"), "01\n");
    writeFileSync(join(dir, "ca.conf"), configuration);
  }

  issue({
    name = "logic",
    hosts = "DNS:localhost,IP:127.0.0.1",
    fromDays = -1,
    toDays = 30,
  }: CertificateOptions = {}): Certificate {
    const file = `certificate-${(this.#count += 1)}`;
    writeFileSync(join(this.#dir, `${file}.ext`), `subjectAltName=${hosts}\n`);
    this.#openssl("req", ...newKey, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", `/CN=${name}`);
    this.#openssl(
      ...["ca", "-batch", "-notext", "-config", "ca.conf", "-in", `${file}.csr`, "-out", `${file}.pem`],
      ...["-extfile", `${file}.ext`, "-startdate", timeAfter(fromDays), "-enddate", timeAfter(toDays)],
    );
    return { cert: this.#read(`${file}.pem`), key: this.#read(`${file}.key`) };
  }

  #read(name: string): string {
    return readFileSync(join(this.#dir, name), "utf8");
  }

  #openssl(...args: readonly string[]): void {
    execFileSync("openssl", [...args], { cwd: this.#dir, stdio: "pipe" });
  }
}

/** The same key, encrypted with a password. */
export function encryptedKey(key: string): string {
  return execFileSync("openssl", ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:geheim"], {
    input: key,
    encoding: "utf8",
    stdio: "pipe",
  });
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

const configuration = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = optional
`;

function timeAfter(days: number): string {
  return new Date(Date.now() + days * dayMs).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
}
