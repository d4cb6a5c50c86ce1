#!/bin/sh
# Makes the files of the look at build time, without any network:
#   look.sh style FOLDER FILE.css          the stylesheet, by sass from FOLDER/style.scss
#   look.sh script FILE.js FILE            a module without its comments
#   look.sh font FONT.otf UNICODES FILE    a web font of these characters
#   look.sh table FILE...                  to its output: all of them as the C table of look.h
# SPDX-License-Identifier: Apache-2.0
set -eu

missing() {
	echo "look.sh: $1 is missing, so the pages' $2 cannot be made. Next: tools/install-deps build" >&2
	exit 1
}

# No source map, no banner: the same input gives the same bytes on every machine.
style() {
	sass=$1/node_modules/sass/sass.js
	[ -f "$sass" ] && [ -d "$1/node_modules/govuk-frontend" ] || missing "what $1/package.json names" stylesheet
	command -v node >/dev/null || missing node stylesheet
	node "$sass" --no-source-map --style=compressed --quiet-deps \
		--load-path="$1/node_modules" "$1/style.scss" "$2"
}

# Figures of one width and kerning are what a table needs; hints would double the size.
font() {
	command -v hb-subset >/dev/null || missing hb-subset font
	command -v woff2_compress >/dev/null || missing woff2_compress font
	[ -f "$1" ] || missing "$1" font
	bare=${3%.woff2}.otf
	hb-subset --unicodes="$2" --layout-features=kern,tnum,mark,mkmk,ccmp,locl --no-hinting \
		--output-file="$bare" "$1"
	woff2_compress "$bare" >/dev/null 2>&1
	rm -f "$bare"
}

# Comments have lines of their own, and no text of ours has a line that begins like one.
script() {
	sed '/^[[:space:]]*\/\//d' "$1" >"$2"
}

type_of() {
	case $1 in
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.woff2) echo 'font/woff2' ;;
	*)
		echo "look.sh: $1 has no type" >&2
		exit 1
		;;
	esac
}

bytes() {
	echo "static const unsigned char $1[] = {"
	od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '};'
}

table() {
	echo '/* Made by tools/look.sh; do not edit. */'
	echo '#include "web/look/look.h"'
	rows='' i=0
	for f in "$@"; do
		name=$(basename "$f")
		type=$(type_of "$name")
		bytes "plain_$i" <"$f"
		row="{ \"$name\", \"$type\", plain_$i, sizeof plain_$i,"
		# A web font is compressed already.
		case $name in
		*.woff2) row="$row NULL, 0 }" ;;
		*)
			gzip -9nc "$f" | bytes "gzip_$i"
			row="$row gzip_$i, sizeof gzip_$i }"
			;;
		esac
		rows="$rows	$row,
"
		i=$((i + 1))
	done
	echo 'const struct look_file look_files[] = {'
	printf '%s' "$rows"
	echo '	{ NULL, NULL, NULL, 0, NULL, 0 },'
	echo '};'
	version=$(for f in "$@"; do
		basename "$f"
		sha256sum <"$f"
	done | sha256sum | cut -c1-16)
	echo "const char look_version[] = \"$version\";"
}

what=$1
shift
case $what in
style) style "$@" ;;
script) script "$@" ;;
font) font "$@" ;;
table) table "$@" ;;
*)
	echo 'usage: tools/look.sh style|script|font|table ...' >&2
	exit 2
	;;
esac
