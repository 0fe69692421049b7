/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mem - ownership by attribute, and sizes that cannot overflow.
 *
 *	_cleanup_free_ char *s = strdup("x");
 *	...
 *	*ret_s = TAKE_PTR(s);
 */
#ifndef RANBY_BASE_MEM_H
#define RANBY_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _must_check_ __attribute__((warn_unused_result))
#define _unused_ __attribute__((unused))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

/* Moves a pointer out of its variable, which a cleanup attribute then finds empty. */
#define TAKE_PTR(p)                          \
	({                                   \
		__typeof__(p) *_pp = &(p);   \
		__typeof__(p) _p = *_pp;     \
		*_pp = NULL;                 \
		_p;                          \
	})

static inline void mem_freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(mem_freep)

/* `n * size` elements; NULL on overflow or no memory (errno ENOMEM). The caller frees. */
static inline void *mem_array(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

/* realloc() to `n * size`, NULL on overflow (the old block stays). */
static inline void *mem_regrow(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return realloc(old, bytes ? bytes : 1);
}

/* Defines `name##p` for the cleanup attribute from a destructor that takes NULL. */
#define DEFINE_CLEANUP(type, name)                       \
	static inline void name##p(type *p)              \
	{                                                \
		if (*p)                                  \
			name(*p);                        \
	}                                                \
	struct _cleanup_semicolon_##name

#endif
