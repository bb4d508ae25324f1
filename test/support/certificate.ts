import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A self-signed certificate with its key, in a folder. openssl must be installed. */
export class Certificate {
  readonly path: string;
  readonly keyPath: string;

  /** @param names The names of hosts, which may begin with `*.`. */
  constructor(folder: string, [name, ...others]: readonly [string, ...string[]], env = process.env) {
    [this.path, this.keyPath] = [join(folder, 'app.pem'), join(folder, 'app.key')];
    const alternatives = [name, ...others].map((each) => `DNS:${each}`).join();
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternatives}`];
    const files = ['-keyout', this.keyPath, '-out', this.path];
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...newKey, ...subject, ...files, '-days', '2'], {
      stdio: 'ignore',
      env,
    });
  }

  /** The certificate, for clients that trust it. */
  get ca(): Buffer {
    return readFileSync(this.path);
  }

  get key(): Buffer {
    return readFileSync(this.keyPath);
  }

  /** The hash of the public key, by which Chromium trusts the certificate: `--ignore-certificate-errors-spki-list`. */
  get publicKeyHash(): string {
    const key = new X509Certificate(this.ca).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('base64');
  }
}
