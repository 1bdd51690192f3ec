#!/bin/sh
# holdfast-restore-kit: 2
# Restores a Holdfast archive with stock programs alone, into a new PostgreSQL database or to a new path; RESTORE.md beside it tells how.
set -u
umask 077

usage() {
  cat <<'USAGE'
Usage: sh restore.sh [OPTIONS] ARCHIVE

Restores ARCHIVE into a database that does not exist yet, and compares the rows of every table with the manifest
(ARCHIVE.manifest.json), which must lie beside it. An archive of files (.tar), SQLite (.sqlite) or Redis (.rdb) is
restored to a path that does not exist yet. The archive is only read.

  --identity KEYFILE   the age private key, for an archive that ends in .age
  --target-db NAME     name of the new database (default: the old name with "_restored" after it)
  --jobs N             tables restored at the same time (default: 2)
  --no-owner           restore without owners and grants, for a server that lacks the roles
  --into PATH          new folder or file, for an archive of files, SQLite or Redis (default: its name here, with
                       "_restored" after it)
  --verify-only        check that the archive is whole and can be opened; nothing is made
  --help               this text

The server is the one PGHOST, PGPORT and PGUSER name; the password comes from PGPASSWORD or ~/.pgpass. An archive with
layers around it is opened into a folder under TMPDIR (/tmp), which is removed at the end.

Exit codes: 0 done, every count agrees; 1 the restore failed, and what it had made was removed; 2 wrong use;
3 something is missing or in the way, nothing was made; 4 the archive, or the restored copy, is not what the manifest says.
USAGE
}

say() { printf '%s\n' "$*"; }
# fail CODE MESSAGE [HINT]
fail() {
  printf 'error: %s\n' "$2" >&2
  if [ $# -gt 2 ]; then printf 'HINT: %s\n' "$3" >&2; fi
  exit "$1"
}

identity='' target='' into='' jobs=2 archive='' verify_only='' no_owner=''
need_value() { [ "$1" -ge 2 ] || fail 2 "$2 needs a value" 'See "sh restore.sh --help".'; }
while [ $# -gt 0 ]; do
  case $1 in
    --identity) need_value $# "$1"; identity=$2; shift ;;
    --target-db) need_value $# "$1"; target=$2; shift ;;
    --into) need_value $# "$1"; into=$2; shift ;;
    --jobs) need_value $# "$1"; jobs=$2; shift ;;
    --no-owner) no_owner=yes ;;
    --verify-only) verify_only=yes ;;
    --help | -h) usage; exit 0 ;;
    --) shift; break ;;
    -*) fail 2 "there is no option $1" 'See "sh restore.sh --help".' ;;
    *) [ -z "$archive" ] || fail 2 'one archive at a time' 'Put a name that holds spaces between quotes.'; archive=$1 ;;
  esac
  shift
done
if [ $# -gt 0 ] && [ -z "$archive" ]; then archive=$1; shift; fi
[ $# -eq 0 ] || fail 2 'one archive at a time' 'Put a name that holds spaces between quotes.'
[ -n "$archive" ] || { usage >&2; exit 2; }
case $jobs in '' | *[!0-9]* | 0* | ???*) fail 2 "--jobs must be a number from 1 to 99, not $jobs" ;; esac
case $archive in -*) archive=./$archive ;; esac
case $identity in -*) identity=./$identity ;; esac
case $into in -*) into=./$into ;; esac

work='' made='' made_path='' log=''
tidy() {
  code=$?
  trap - EXIT
  if [ -n "$made" ]; then
    if drop_target; then say "removed the unfinished database $target" >&2
    else say "the unfinished database $target could not be removed: drop it before the next try" >&2; fi
  fi
  if [ -n "$made_path" ]; then
    rm -rf -- "$made_path"
    say "removed the unfinished $made_path" >&2
  fi
  [ -z "$work" ] || rm -rf "$work"
  exit "$code"
}
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ── the manifest: JSON printed one field a line, two spaces a level ──
manifest=$archive.manifest.json
# field PATH: a value as JSON; an array with all its lines. Nothing where there is no such field.
field() {
  awk -v path="$1" '
    BEGIN { last = split(path, part, "/"); depth = 1 }
    printing { if (index($0, indent "]") == 1) { print "]"; exit } print; next }
    {
      indent = sprintf("%" (2 * depth) "s", "")
      if (depth > 1 && index($0, substr(indent, 3) "}") == 1) exit
      key = indent "\"" part[depth] "\": "
      if (index($0, key) != 1) next
      rest = substr($0, length(key) + 1)
      if (depth < last) { if (rest != "{") exit; depth++; next }
      if (rest == "[") { print "["; printing = 1; next }
      sub(/,$/, "", rest)
      print rest
      exit
    }' "$manifest"
}
# text PATH: a string without its quotes.
text() { field "$1" | sed -n 's/^"\(.*\)"$/\1/p' | sed 's/\\\(["\\/]\)/\1/g'; }
sum_of() { sha256sum | sed 's/^\\\{0,1\}\([0-9a-f]*\).*/\1/'; }

[ -f "$archive" ] || fail 3 "there is no file $archive"
[ -r "$archive" ] || fail 3 "$archive may not be read by this user"
[ -f "$manifest" ] || fail 3 "there is no manifest beside the archive: $manifest" \
  'Fetch it from where the archive came from; without it nothing tells whether the archive is whole. RESTORE.md tells how to restore by hand.'
for program in awk sed sha256sum mktemp df; do
  command -v "$program" >/dev/null 2>&1 || fail 3 "$program is not installed" "Install it or put its folder on PATH."
done

[ "$(field format)" = 1 ] || fail 3 "$manifest is not a manifest of format 1" \
  'It was cut or changed, or a later version wrote it: use the restore.sh beside that archive.'
sealed=$(text checksum)
if [ -n "$sealed" ]; then
  found=$(awk '/^  "checksum": "/ { sub(/,$/, "", held); next } NR > 1 { print held } { held = $0 } END { print held }' \
    "$manifest" | sum_of)
  [ "$found" = "$sealed" ] || fail 4 'the manifest was changed after it was written' 'Fetch it again, or from another copy.'
fi

size=$(field stored/bytes)
expected=$(text stored/sha256)
name=$(text archive)
case $size in '' | *[!0-9]*) fail 3 "$manifest does not tell the size of the archive" 'It was cut or changed: fetch it again.' ;; esac
[ ${#expected} -eq 64 ] || fail 3 "$manifest does not tell the SHA-256 of the archive" 'It was cut or changed: fetch it again.'
say "archive    $name"
kind=$(text source/kind)
case $kind in
  postgres) say "taken      $(text takenAt), database $(text source/database), PostgreSQL $(text source/productVersion)" ;;
  *) say "taken      $(text takenAt), $kind, $(text source/database)" ;;
esac
found=$(wc -c <"$archive" | tr -d ' ')
[ "$found" = "$size" ] || fail 4 "the archive has $found bytes, the manifest says $size" \
  'It is damaged or was not copied to its end: fetch it again, or from another copy.'
found=$(sum_of <"$archive") || fail 3 "$archive could not be read"
[ "$found" = "$expected" ] || fail 4 'the SHA-256 of the archive is not the one in the manifest' \
  'It is damaged: fetch it again, or take another copy or an older backup.'
say "checksum   agrees with the manifest ($size bytes)"

# ── its layers, the outermost last in the name ──
layers='' rest=$name
while :; do
  case $rest in
    *.age) layers="$layers age"; rest=${rest%.age} ;;
    *.zst) layers="$layers zstd"; rest=${rest%.zst} ;;
    *.gz) layers="$layers gzip"; rest=${rest%.gz} ;;
    *.dump | *.tar | *.sqlite | *.rdb) break ;;
    *) fail 3 "the manifest names an archive of a kind this script cannot open: $name" ;;
  esac
done
case $rest in *.dump) opener=pg_restore ;; *.tar) opener=tar ;; *) opener='' ;; esac
for program in $layers $opener; do
  command -v "$program" >/dev/null 2>&1 || fail 3 "$program is not installed" "Install it or put its folder on PATH."
done
case $layers in
  *age*)
    [ -n "$identity" ] || fail 3 'the archive is encrypted' \
      'Give the private key with --identity KEYFILE; the manifest names the public keys it belongs to (encryption.recipients).'
    [ -r "$identity" ] || fail 3 "the key file $identity cannot be read" ;;
esac
case $rest in
  *.dump) [ -z "$into" ] || fail 2 '--into is for archives of files, SQLite and Redis' 'Name the new database with --target-db NAME.' ;;
  *) [ -z "$target" ] || fail 2 '--target-db is for archives of databases' 'Name the new path with --into PATH.' ;;
esac
dumped_by=$(text tools/pg_dump | sed 's/[^0-9].*//')
restorer=''
[ "$opener" != pg_restore ] || restorer=$(pg_restore --version | sed -n 's/^pg_restore (PostgreSQL) \([0-9]*\).*/\1/p')
if [ -n "$dumped_by" ] && [ -n "$restorer" ] && [ "$restorer" -lt "$dumped_by" ]; then
  fail 3 "pg_restore is of version $restorer, the archive was made by pg_dump $dumped_by" \
    "Install the PostgreSQL client programs of version $dumped_by or later."
fi

# ── the server, asked before the work begins ──
conninfo() { printf "dbname='%s'" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")"; }
PGCLIENTENCODING=UTF8
export PGCLIENTENCODING
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 -v target="$target" "$@"; }
drop_target() { printf '%s\n' "select format('drop database if exists %I', :'target') \\gexec" | ask -d postgres >/dev/null; }
if [ -z "$verify_only" ] && [ "$opener" = pg_restore ]; then
  for program in psql createdb; do
    command -v "$program" >/dev/null 2>&1 || fail 3 "$program is not installed" "Install it or put its folder on PATH."
  done
  if [ -z "$target" ]; then
    target=$(text source/database)_restored
    case $target in
      *\\[!\\]*) fail 3 'the name of the old database holds control characters' 'Choose a name with --target-db NAME.' ;;
    esac
  fi
  [ "$(printf '%s' "$target" | wc -c)" -le 63 ] || fail 3 "the name $target is longer than the 63 bytes PostgreSQL takes" \
    'Choose a shorter one with --target-db NAME.'
  there=$(printf '%s\n' "select count(*) from pg_database where datname = :'target'" | ask -d postgres) ||
    fail 3 'the PostgreSQL server does not answer' 'Set PGHOST, PGPORT, PGUSER, and PGPASSWORD or ~/.pgpass.'
  [ "$there" = 0 ] || fail 3 "the database $target exists already" \
    'Nothing is ever restored over a database: choose another name with --target-db NAME, or drop that one yourself.'
fi

if [ -z "$verify_only" ] && [ "$opener" != pg_restore ]; then
  [ -n "$into" ] || into=./$(basename -- "$rest" | sed 's/\.[a-z]*$//')_restored
  # A link that leads nowhere is in the way too.
  if [ -e "$into" ] || [ -L "$into" ]; then
    fail 3 "$into exists already" 'Nothing is ever restored over what is there: choose another path with --into PATH.'
  fi
  [ -d "$(dirname -- "$into")" ] || fail 3 "there is no folder $(dirname -- "$into")" 'Make it first, or choose another path with --into PATH.'
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-restore.XXXXXX") || fail 3 'no temporary folder could be made' 'Set TMPDIR to a folder you may write to.'
if [ "$opener" = pg_restore ] && [ -z "$verify_only" ] && [ -z "$no_owner" ] && [ "$(field facts/roles)" != '[]' ]; then
  field facts/roles >"$work/roles.json"
  if [ -s "$work/roles.json" ] && [ "$(cat "$work/roles.json")" != null ]; then
    HOLDFAST_FILE=$work/roles.json
    export HOLDFAST_FILE
    missing=$(ask -d postgres <<'SQL'
\set roles `cat "$HOLDFAST_FILE"`
select format('create role %I nologin;', name) from json_array_elements_text(:'roles'::json) name
where name not in (select rolname from pg_catalog.pg_roles) order by 1;
SQL
    ) || fail 3 'the roles of the server could not be read'
    [ -z "$missing" ] || fail 3 'roles that own or may use something in the archive are missing on this server' \
      "Create them first, or restore without owners and grants with --no-owner. As a superuser:
$missing"
  fi
fi

# ── opening it ──
undo() {
  case $1 in
    age) age --decrypt --identity "$identity" ;;
    zstd) zstd --decompress --stdout --quiet ;;
    gzip) gzip --decompress --stdout ;;
  esac 2>"$work/$1.err" || : >"$work/$1.failed"
}
undo_all() {
  if [ $# -eq 0 ]; then cat; else
    first=$1
    shift
    undo "$first" | undo_all "$@"
  fi
}
if [ -z "$layers" ]; then
  dump=$archive
else
  dump=$work/backup.dump
  need=$(field plain/bytes)
  free=$(df -Pk "$work" | awk 'END { print $(NF - 2) }')
  if [ "$((need / 1024 + 1))" -gt "$free" ]; then
    fail 3 "opening the archive takes $need bytes, and $work has $((free * 1024)) left" 'Set TMPDIR to a folder with more room.'
  fi
  # One word a layer.
  # shellcheck disable=SC2086
  undo_all $layers <"$archive" >"$dump" || fail 3 'the opened archive could not be written' 'Set TMPDIR to a folder with more room.'
  for layer in $layers; do
    [ -e "$work/$layer.failed" ] || continue
    sed "s/^/$layer: /" "$work/$layer.err" >&2
    [ "$layer" != age ] || fail 3 'the archive could not be decrypted with this key' \
      'Use the private key that belongs to one of the public keys the manifest names (encryption.recipients).'
    fail 4 "$layer could not open the archive" 'Take another copy or an older backup.'
  done
  [ "$(sum_of <"$dump")" = "$(text plain/sha256)" ] || fail 4 'what the archive holds is not what was dumped' \
    'Take another copy or an older backup.'
  say "opened     $need bytes"
fi
case $opener in
  pg_restore) set -- pg_restore --file=/dev/null "$dump" ;;
  tar) set -- tar --list --file="$dump" ;;
  *) set -- true ;;
esac
"$@" >/dev/null 2>"$work/read.err" || {
  cat "$work/read.err" >&2
  fail 4 "$1 cannot read the archive to its end" 'Take another copy or an older backup.'
}
if [ -n "$verify_only" ]; then
  say "whole: the archive is what its manifest says${opener:+, and $opener reads it to its end}"
  exit 0
fi

# ── a path ──
if [ "$opener" != pg_restore ]; then
  unfinished=$into.unfinished
  if [ -e "$unfinished" ] || [ -L "$unfinished" ]; then fail 3 "$unfinished is in the way" 'Remove it: an earlier try left it.'; fi
  made_path=$unfinished
  say "restoring  to the new path $into"
  case $rest in
    *.tar)
      mkdir -- "$unfinished" || fail 3 "the folder $unfinished could not be made"
      # A later member must not be written through a link that an earlier one made: GNU tar and bsdtar refuse that by themselves.
      tar --extract --same-permissions --numeric-owner --file="$dump" --directory="$unfinished" ||
        fail 1 'tar failed; what it said stands above' 'Mend what it names (space, permissions) and start again.'
      found=$(find "$unfinished" -type f | wc -l | tr -d ' ')
      said=$(field facts/files/files)
      ;;
    *)
      cp -- "$dump" "$unfinished" || fail 1 'the file could not be written' 'Make room, and start again.'
      found=1 said=1
      case $rest in
        *.sqlite) command -v sqlite3 >/dev/null 2>&1 &&
          { [ "$(sqlite3 -readonly "$unfinished" 'pragma integrity_check')" = ok ] || fail 4 'SQLite finds the restored database damaged' 'Take another copy or an older backup.'; } ;;
        *.rdb) command -v redis-check-rdb >/dev/null 2>&1 &&
          { redis-check-rdb "$unfinished" >"$work/read.err" 2>&1 || { cat "$work/read.err" >&2; fail 4 'redis-check-rdb finds the restored file damaged' 'Take another copy or an older backup.'; }; } ;;
      esac
      ;;
  esac
  mv -- "$unfinished" "$into" || fail 1 "$unfinished could not be given the name $into"
  made_path=''
  [ "$found" = "$said" ] || fail 4 "$into holds $found files, the manifest says $said" 'It stays, so that you can look at it; do not put it to use.'
  say "restored   $into: $found $([ "$found" = 1 ] && echo file || echo files), as the manifest says"
  exit 0
fi

# ── restoring it ──
started=$(date +%s)
create() { createdb --template=template0 "$@" -- "$target" 2>"$work/create.err"; }
encoding=$(text facts/database/encoding) collate=$(text facts/database/collate)
ctype=$(text facts/database/ctype) locale=$(text facts/database/locale)
set --
[ -z "$collate" ] || set -- "$@" "--lc-collate=$collate" "--lc-ctype=$ctype"
case $(text facts/database/localeProvider) in
  icu) set -- "$@" --locale-provider=icu "--icu-locale=$locale" ;;
  builtin) set -- "$@" --locale-provider=builtin "--builtin-locale=$locale" ;;
esac
[ -z "$encoding" ] || set -- "$@" "--encoding=$encoding"
if ! create "$@"; then
  cp "$work/create.err" "$work/first.err"
  # shellcheck disable=SC2086
  create ${encoding:+"--encoding=$encoding"} || create || {
    cat "$work/create.err" >&2
    fail 3 "the database $target could not be created" 'The user must be allowed to create databases (ALTER ROLE … CREATEDB).'
  }
  sed 's/^/createdb: /' "$work/first.err" >&2
  say 'warning: this server lacks the locale of the old database, so text may sort in another order' >&2
fi
made=yes
say "restoring  into the new database $target"
set -- --exit-on-error "--jobs=$jobs"
[ -z "$no_owner" ] || set -- "$@" --no-owner --no-privileges
pg_restore "$@" "--dbname=$(conninfo "$target")" "$dump" || fail 1 'pg_restore failed; what it said stands above' \
  'Mend what it names (an extension to install, a role, space on the server) and start again.'

# ── comparing it ──
field facts/tables >"$work/tables.json"
HOLDFAST_FILE=$work/tables.json
export HOLDFAST_FILE
log=$work/compared
ask -d "$(conninfo "$target")" >"$log" <<'SQL' || fail 1 'the restored tables could not be counted'
\set tables `cat "$HOLDFAST_FILE"`
set search_path = '';
select case
    when not is_there then format('select %L', 'MISSING    ' || shown)
    when rows is null then format('select %L', 'unknown    ' || shown || ': the manifest does not tell its rows (' || why || ')')
    else format(
      'select case when count(*) = %1$s then %2$L || count(*) || %3$L else %4$L || count(*) || %5$L end from %6$s %7$s',
      rows, 'same       ' || shown || ': ', ' rows', 'DIFFERENT  ' || shown || ': ',
      ' rows, the manifest says ' || rows, case when kind = 'partitioned' then '' else 'only' end, name)
  end
from (
  select name, to_regclass(name) is not null as is_there, translate(name, E'\n\r\t', '???') as shown, rows, kind, why
  from (
    select format('%I.%I', t->>'schema', t->>'name') as name, (t->>'rows')::bigint as rows,
      coalesce(t->>'kind', 'table') as kind, coalesce(t->>'unknown', 'not-recorded') as why
    from json_array_elements(:'tables'::json) t
  ) listed
) known
order by shown \gexec
SQL
# From here on the copy stays, for somebody to look at, whatever the comparison says.
made=''
cat "$log"
same=$(grep -c '^same ' "$log")
unknown=$(grep -c '^unknown ' "$log")
wrong=$(grep -c -e '^DIFFERENT ' -e '^MISSING ' "$log")
if [ "$wrong" -gt 0 ]; then
  fail 4 "$wrong tables of $target are not what the manifest says" "The database stays, so that you can look at it; do not put it to use."
fi
say "restored   $target in $(($(date +%s) - started)) s: $same tables have the rows the manifest says"
[ "$unknown" = 0 ] || say "           $unknown tables could not be compared, because the manifest does not tell their rows"
