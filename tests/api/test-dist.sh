#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tarball holds every file of the tree, and no other.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$XM_SRC" || exit 1
git ls-files --error-unmatch configure.ac >/dev/null 2>&1 || skip_all "no git tree"
try "make distdir" make -s -C "$XM_BUILD" distdir distdir="$TMP/dist"
made='^(Makefile\.in|aclocal\.m4|configure|build-aux/.*|m4/.*)$'
is "$(diff <(git ls-files | grep -vxF .gitignore | sort) \
	<(cd "$TMP/dist" && find . -type f -printf '%P\n' | grep -vE "$made" | sort))" "" "tarball = tree"
done_testing
