import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

const openssl = (args: readonly string[]): void => {
  execFileSync('openssl', [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** A certificate authority of this test's own, in `folder`. */
export function createAuthority(folder: string, name: string): Authority {
  const made = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.certificate],
  ]);
  return made;
}

/** A server's certificate that `authority` signed. `place`: what it is for, as in `IP:127.0.0.1` or `DNS:db.example.test`. */
export function issueCertificate(
  folder: string,
  name: string,
  authority: Authority,
  place: string,
): Authority {
  const made = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${place}\n`);
  openssl([
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', `/CN=${name}`, '-keyout', made.key, '-out', request],
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key],
    ...['-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', made.certificate],
  ]);
  return made;
}
