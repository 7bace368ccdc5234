/* SPDX-License-Identifier: ISC */
/*
 * In a file of its own, which is not linked where a program has its own. (A
 * weak constant beside its use is no way: the compiler takes its value.)
 */
#include <sysexits.h>

#include "core/base/mem.h"

const int mem_exit_status = EX_OSERR;
