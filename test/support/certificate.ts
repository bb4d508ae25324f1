import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate that is signed by itself, in files. */
export class Certificate {
  readonly keyFile: string;
  readonly file: string;

  /**
   * Creates the certificate.
   * @param name The name of the host.
   */
  constructor(folder: string, name: string, env = process.env) {
    this.file = join(folder, 'app.pem');
    this.keyFile = join(folder, 'app.key');
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', this.keyFile, '-out', this.file];
    execFileSync('openssl', ['req', '-x509', ...newKey, ...subject, ...files, '-days', '2'], {
      stdio: 'ignore',
      env,
    });
  }

  /** The options of a server with the certificate. */
  get tls(): { readonly key: Buffer; readonly cert: Buffer } {
    return { key: readFileSync(this.keyFile), cert: this.text };
  }

  /** The certificate, for clients that trust it. */
  get text(): Buffer {
    return readFileSync(this.file);
  }

  /** The hash of the public key, by which Chromium can be told to accept the certificate. */
  get hash(): string {
    const spki = new X509Certificate(this.text).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('base64');
  }
}
