#!/bin/sh
# Turns text files into one C table: embed.sh NAME FILE... > NAME.c
# Each row is { "file name without folder and ending", bytes, length }.
set -eu
name=$1
shift
echo '/* Made by tools/embed.sh from text files; do not edit. */'
echo '#include "order/embedded.h"'
for f in "$@"; do
	base=$(basename "$f" | sed 's/\.[^.]*$//')
	echo "static const unsigned char text_$base[] = {"
	od -An -v -tx1 "$f" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '};'
done
echo "const struct embedded $name[] = {"
for f in "$@"; do
	base=$(basename "$f" | sed 's/\.[^.]*$//')
	echo "	{ \"$base\", text_$base, sizeof text_$base },"
done
echo '	{ NULL, NULL, 0 },'
echo '};'
