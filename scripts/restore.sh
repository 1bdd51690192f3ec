#!/bin/sh
# Restores a backup (see --help). Finds the Node that belongs to this installation and hands over to scripts/restore.ts.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 3
for node in "$here/../node_modules/.bin/node" "$(command -v node)"; do
  [ -n "$node" ] && [ -x "$node" ] && exec "$node" "$here/restore.ts" "$@"
done
echo "error: Node.js was not found [config]" >&2
echo "HINT: Run \"npm ci\" in $(dirname -- "$here") first, or restore with the restore.sh that lies beside the archives." >&2
exit 3
