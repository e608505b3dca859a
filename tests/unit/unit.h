/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka program includes, in the order cmocka wants it; asserts stay on. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

#endif
