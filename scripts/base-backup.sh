#!/bin/sh
# Base backup of a whole server (see --help). Finds the Node that belongs to this installation and hands over to scripts/base-backup.ts.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 3
for node in "$here/../node_modules/.bin/node" "$(command -v node)"; do
  [ -n "$node" ] && [ -x "$node" ] && exec "$node" "$here/base-backup.ts" "$@"
done
echo "error: Node.js was not found [config]" >&2
echo "HINT: Run \"npm ci\" in $(dirname -- "$here") first." >&2
exit 3
