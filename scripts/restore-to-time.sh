#!/bin/sh
# Brings a server back as it was at an instant (see --help). Finds the Node that belongs to this installation and hands over to scripts/restore-to-time.ts.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 3
for node in "$here/../node_modules/.bin/node" "$(command -v node)"; do
  [ -n "$node" ] && [ -x "$node" ] && exec "$node" "$here/restore-to-time.ts" "$@"
done
echo "error: Node.js was not found [config]" >&2
echo "HINT: Run \"npm ci\" in $(dirname -- "$here") first, or recover by hand: docs/format.md tells how." >&2
exit 3
