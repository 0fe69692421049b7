/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * size - bytes as people read them, in powers of 1000 (go-units HumanSize).
 *
 *	char s[SIZE_TEXT_SIZE];
 *	size_text(4263936, 3, " ", s);	// "4.26 MB"
 *	size_text(4263936, 4, "", s);	// "4.264MB"
 */
#ifndef RANBY_BASE_SIZE_H
#define RANBY_BASE_SIZE_H

#include <stdint.h>

#define SIZE_TEXT_SIZE 32

/* `digits` that count, `blank` before the unit. Returns `out`. */
char *size_text(uint64_t bytes, int digits, const char *blank, char out[static SIZE_TEXT_SIZE]);

#endif
