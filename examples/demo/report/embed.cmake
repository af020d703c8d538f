# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes a header with the contents of a text file as one constant, in pieces that every compiler takes.
file(READ "${IN}" text)
string(LENGTH "${text}" length)
set(out "// Generated from template.html.\n#pragma once\n#include <string_view>\nnamespace demo {\ninline constexpr std::string_view report_template =\n")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND out "    R\"~~~~(${piece})~~~~\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
string(APPEND out "    ;\n}  // namespace demo\n")
file(WRITE "${OUT}" "${out}")
