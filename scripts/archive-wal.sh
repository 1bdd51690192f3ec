#!/bin/sh
# Keeps one finished segment of the write-ahead log (see --help). Runs as the server's user for every segment: no Node.
set -u

help='Usage: archive-wal.sh PATH NAME [FOLDER]
  PATH      The segment, %p of archive_command
  NAME      Its name, %f of archive_command
  FOLDER    Where it is kept (default: BACKUP_WAL_PATH); it must exist, and the user of the server may write there
  --help    Show this text

For postgresql.conf, with the folder of this installation:
  wal_level = replica
  archive_mode = on
  archive_command = '\''/opt/holdfast/scripts/archive-wal.sh "%p" "%f" /var/backups/wal'\''
  archive_timeout = 300      # how many seconds of work may be lost, at most

A segment gets its name only after all of it is on the disk. Keeping the same segment again succeeds, as PostgreSQL asks after
a crash; another one of the same name is never overwritten. Whatever fails, PostgreSQL keeps the segment and tries again.

Exit codes: 0 kept, 1 not kept, 2 wrong usage or configuration.
'

fail() {
  echo "error: $1" >&2
  echo "HINT: $2" >&2
  exit "${3:-1}"
}

[ "${1:-}" = --help ] && printf '%s' "$help" && exit 0
[ $# -ge 2 ] && [ $# -le 3 ] || fail 'PATH and NAME are needed [usage]' 'See archive-wal.sh --help.' 2
path=$1
name=$2
folder=${3:-${BACKUP_WAL_PATH:-}}
case $name in
  '' | .* | *[!0-9A-Za-z._-]*) fail "\"$name\" is no name of a segment [usage]" 'Pass %f of archive_command as it is.' 2 ;;
esac
[ -n "$folder" ] || fail 'no folder was named [config]' 'Name it as the third argument, or in BACKUP_WAL_PATH.' 2
# Made here, it would take the place of a disk that is not mounted, and fill the one below.
[ -d "$folder" ] || fail "there is no folder $folder [config]" 'Make it, or mount its disk.' 2
[ -f "$path" ] || fail "there is no segment $path [usage]" 'Pass %p of archive_command as it is.' 2

kept=$folder/$name
part=$folder/.$name.partial-$$
trap 'rm -f -- "$part"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

durable() {
  sync -- "$1" || fail "$1 could not be written to the disk [storage_full]" 'Check the disk and its kernel messages.'
}

refuse_other() {
  fail "another $name is kept in $folder already [object_exists]" \
    'Two servers must not share a folder: give each its own, and start with a new base backup.'
}

if [ -e "$kept" ]; then
  cmp -s -- "$path" "$kept" || refuse_other
  # It may have been there before a crash that came before it was durable.
  durable "$kept"
  durable "$folder"
  exit 0
fi

# What a killed run left of this segment.
rm -f -- "$folder/.$name.partial-"*
cp -- "$path" "$part" ||
  fail "$name could not be copied to $folder [storage_full]" 'Make room there; PostgreSQL keeps the segment and tries again.'
durable "$part"
cmp -s -- "$path" "$part" || fail "what $folder gave back is not what was written [integrity]" 'Check its disk.'
# A link and no rename: it fails where the name is taken.
if ! ln -- "$part" "$kept"; then
  [ -e "$kept" ] || fail "$name could not be linked in $folder [config]" 'The folder must be on a file system with hard links.'
  cmp -s -- "$path" "$kept" || refuse_other
fi
durable "$folder"
exit 0
