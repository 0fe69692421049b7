/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Optimal string alignment distance with three rows of a table. Words past
 * WORD_MAX are no typing errors of anything we have.
 */
#include "base/suggest.h"

#include <string.h>

#define WORD_MAX 48

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][WORD_MAX + 1] = {{0}};

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		const unsigned *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
		unsigned *row = rows[i % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *suggest(const char *given, const char *(*word)(size_t i, const void *ctx), const void *ctx)
{
	size_t n = strlen(given);
	unsigned most = n < 6 ? 1 : n < 9 ? 2 : 3;
	const char *best = NULL, *w;

	if (n < 2 || n > WORD_MAX)
		return NULL;
	for (size_t i = 0; (w = word(i, ctx)); i++) {
		size_t m = strlen(w);
		unsigned d;

		if (m > WORD_MAX)
			continue;
		d = distance(given, n, w, m);
		if (d < most + (best == NULL)) {
			best = w;
			most = d;
		}
	}
	return best;
}
