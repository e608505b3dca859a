#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# xmover.h stands alone, in C and C++; what is installed is enough to build and run with.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

header=$XM_SRC/include/xmover.h
strict=(-Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -fsyntax-only)
for std in c99 c11 gnu17; do
	try "alone as $std" gcc -std=$std "${strict[@]}" -x c "$header"
done
for std in c++11 c++20; do
	try "alone as $std" g++ -std=$std -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ "$header"
done
try "alone with clang" clang -std=c11 "${strict[@]}" -Wdocumentation -x c "$header"

try "make install" make -s -C "$XM_BUILD" install DESTDIR="$TMP/root"
is "$(cd "$TMP/root" && find . -name '*.h' -printf '%f\n')" xmover.h "it installs one header"
lib=$(dirname "$(find "$TMP/root" -name 'libxmover.so' | head -n 1)")
export PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$TMP/root
cat >"$TMP/user.c" <<'END'
#include <stdio.h>
#include <xmover.h>
int main(void)
{
	struct xm_ctx *ctx = xm_ctx_new();

	xm_ctx_free(ctx);
	xm_ctx_free(NULL);
	xm_endpoint_close(NULL);
	xm_job_free(NULL);
	xm_error_free(NULL);
	return ctx == NULL || printf("%s\n", xm_version()) < 0;
}
END
cp "$TMP/user.c" "$TMP/user.cc"
words=$(pkg-config --cflags --libs libxmover)
# shellcheck disable=SC2086 # words
try "a C program builds with pkg-config" gcc -Wall -Werror -o "$TMP/user" "$TMP/user.c" $words
# shellcheck disable=SC2086
try "a C++ program builds with pkg-config" g++ -Wall -Werror -o "$TMP/user++" "$TMP/user.cc" $words
version=$(pkg-config --modversion libxmover)
is "$(LD_LIBRARY_PATH=$lib "$TMP/user" 2>&1)" "$version" "the C program runs"
is "$(LD_LIBRARY_PATH=$lib "$TMP/user++" 2>&1)" "$version" "the C++ program runs"
is "$(LD_LIBRARY_PATH=$lib "$TMP/root/usr/local/bin/xmover" --version 2>&1)" "xmover $version" \
	"the installed command runs"
# the disks of somebody who has the library alone
# shellcheck disable=SC2086 # words
try "a program that migrates builds" gcc -Wall -Wextra -Werror -pthread -o "$TMP/mover" \
	"$XM_SRC/tests/api/library-user.c" $words
mover() { (cd "$TMP" && LD_LIBRARY_PATH=$lib ./mover "$@" >out 2>err; echo $?); }
told() { perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); print eval shift' "$1" <"$TMP/out"; }
head -c 8M /dev/urandom >"$TMP/src"
is "$(mover src dst 0)" 0 "it moves a disk"
try "the bytes" cmp "$TMP/src" "$TMP/dst"
is "$(told 'join " ", @$j{qw(result total done host reason)}')" "done 8388608 8388608 8388608 not_scsi" "and reports it"
is "$(told '$j->{calls} > 0')" 1 "it is told of progress"
is "$(mover src dst 1000000)" 143 "another thread stops it"
is "$(told '$j->{result} . ($j->{done} < $j->{total})')" stopped1 "before the end"
is "$(mover nosuch dst 0)" 66 "a source that is missing"
like "$(cat "$TMP/err")" "nosuch.*No such file" "is named"
try "make uninstall" make -s -C "$XM_BUILD" uninstall DESTDIR="$TMP/root"
is "$(find "$TMP/root" ! -type d)" "" "it takes away what it installed"
done_testing
