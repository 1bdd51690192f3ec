/** Names that usually hold passwords or private keys: `.env.production`, `tls.key`, `id_ed25519`. */
const FILE =
  /^(?:\.env(?!\.(?:example|sample|template)$)(?:\..+)?|.+\.env|\.pgpass|\.netrc|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|key|p12|pfx|jks|kdbx))$/i;
const FOLDER = /^(?:secrets?|certs?|ssl|tls|letsencrypt|private)$/i;

/** Those of a source's paths that are likely to hold secrets: what is taken below its path, or the path itself. */
export function secretNames(path: string, only: readonly string[]): readonly string[] {
  return (only.length === 0 ? [path] : only).filter((each) => {
    const parts = each.split('/');
    return FILE.test(parts.at(-1) ?? '') || parts.some((part) => FOLDER.test(part));
  });
}
