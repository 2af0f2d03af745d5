#!/bin/sh
# Compiles every *.bpf.c beside this script into the folder given, where the object is older than
# any source. -mcpu=v3 gives compare-and-swap and needs Linux 5.12.
set -eu
out=$1
cd "$(dirname "$0")"
command -v clang >/dev/null || {
	echo "clang: not found (expected: clang 14 or newer). Run: apt-get install clang libbpf-dev" >&2
	exit 1
}
mkdir -p "$out"
for source in *.bpf.c; do
	object=$out/${source%.c}.o
	if [ -e "$object" ] && [ -z "$(find . -newer "$object" -name '*.[ch]')" ]; then
		continue
	fi
	clang -O2 -g -target bpf -mcpu=v3 -Wall -Werror \
		-I"/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$object.new"
	mv "$object.new" "$object"
done
