#!/bin/sh
# collect.sh FROM TO: three copies of every LICENSE, README and package.json under FROM, flat in TO,
# named after the way in which each will be dropped and the path it had: cp=some=where=LICENSE.
set -eu

from=$1
to=$2
mkdir "$to"
find "$from" -type f \( -iname 'license*' -o -iname 'readme*' -o -name package.json \) -exec sh -c '
  to=$1
  shift
  for file; do
    flat=$(printf %s "$file" | tr / =)
    for way in cp mv inject; do cp -p -- "$file" "$to/$way=$flat"; done
  done
' sh "$to" {} +
