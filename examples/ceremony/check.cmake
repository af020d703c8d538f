# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs the tool as four contributors would, the third of whom cheats: cmake -DTOOL=... -DWORK=... -P check.cmake
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# tool(<expected status> <text that the output holds> <arguments>...)
function(tool status text)
  execute_process(COMMAND "${TOOL}" ${ARGN} WORKING_DIRECTORY "${WORK}"
    RESULT_VARIABLE got OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT got EQUAL status OR NOT "${out}${err}" MATCHES "${text}")
    message(FATAL_ERROR "assay_ceremony ${ARGN}: status ${got}, wanted ${status} and '${text}'\n${out}${err}")
  endif()
endfunction()

foreach(curve IN ITEMS bn254 bls12-381)
  set(s "${curve}-")
  tool(0 "4 x 3 [(]12 points[)]" start --curve ${curve} --grid 4,3 ${s}0)
  tool(1 "incomplete" finalise ${s}0 ${s}early.srs)
  tool(0 "contribution 0" contribute ${s}0 ${s}1)
  file(WRITE "${WORK}/dice" "3 1 4 1 5 9 2 6")
  tool(0 "contribution 1" contribute ${s}1 ${s}2 --entropy dice)
  tool(0 "VALID" verify ${s}2 --before ${s}1)

  # The third contributor starts anew, so as to know every secret; then drops the second contribution; then sends an old
  # file again; then sends half a file.
  tool(0 "" start --curve ${curve} --grid 4,3 ${s}own)
  tool(0 "" contribute ${s}own ${s}cheat1)
  tool(1 "REFUSED.*conflicting" verify ${s}cheat1 --before ${s}2)
  tool(0 "" contribute ${s}1 ${s}cheat2)
  tool(0 "" contribute ${s}cheat2 ${s}cheat3)
  tool(1 "REFUSED.*conflicting, at 1" verify ${s}cheat3 --before ${s}2)
  tool(1 "REFUSED.*conflicting" verify ${s}2 --before ${s}2)
  file(SIZE "${WORK}/${s}2" size)
  math(EXPR half "${size} / 2")
  execute_process(COMMAND head -c ${half} "${WORK}/${s}2" OUTPUT_FILE "${WORK}/${s}half")
  tool(1 "REFUSED.*truncated" verify ${s}half)
  tool(1 "REFUSED.*truncated" contribute ${s}half ${s}never)
  tool(2 "must not exist" contribute ${s}2 ${s}1)

  # The others go on without that.
  tool(0 "contribution 2" contribute ${s}2 ${s}3)
  tool(0 "VALID" verify ${s}3 --before ${s}2)
  tool(0 "srs digest" finalise ${s}3 ${s}srs)
  tool(0 "VALID" verify ${s}srs)
  tool(0 "4 x 3" inspect ${s}srs)
  tool(0 "contribution 2" inspect ${s}3)
endforeach()
tool(1 "REFUSED" verify dice)
tool(1 "out_of_range" start --grid 4,1 never)
file(REMOVE_RECURSE "${WORK}")
