# cmake -DIN=file -DOUT=file.c -DNAME=symbol -DHEADER=path/of/its/header.h -P embed.cmake: a file's bytes as a C array NAME and its length NAME_len.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "/* Made from ${NAME}'s file by embed.cmake. */\n#include \"${HEADER}\"\n\nconst unsigned char ${NAME}[] = {\n${bytes}};\nconst size_t ${NAME}_len = ${len};\n")
