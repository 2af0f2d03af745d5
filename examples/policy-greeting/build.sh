#!/bin/sh
# Builds policy-greeting.jar beside this file. Needs a JDK 25 and a built Ostiary (./ostiary run builds one).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lib=${OSTIARY_LIB:-$here/../../server/target/builds/current/lib}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"${JAVA_HOME:+$JAVA_HOME/bin/}javac" --release 25 -d "$out" -cp "$lib/*" "$here"/src/org/example/*.java
cp -r "$here/src/META-INF" "$out/"
"${JAVA_HOME:+$JAVA_HOME/bin/}jar" --create --file "$here/policy-greeting.jar" -C "$out" .
echo "$here/policy-greeting.jar"
