/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Linked, in builds with SAN, into the programs that join namespaces or make
 * themselves undumpable: LeakSanitizer looks at its process through a tracer of
 * its own, which then never gets to it, and the process hangs or dies at
 * its exit. Their code is looked at for leaks in the unit tests; ranby itself
 * does neither, and is looked at whenever it runs.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
