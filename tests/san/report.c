/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Linked, in builds with SAN, into every program: what a sanitizer says goes
 * to stderr, and most programs have none that a test reads; a confined one can
 * open no file either, so log_path= does not help. So each maps, before its
 * main(), one file that the harness made (tests/check), and everything that
 * is printed is appended there too: by stores, which nothing forbids.
 * A process of another mount namespace does not find it, and says it on stderr alone.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct log {
	atomic_size_t used;
	char text[];
};

static struct log *reports;
static size_t room;

void __sanitizer_on_print(const char *text);

__attribute__((constructor)) static void map_reports(void)
{
	int fd = open(SAN_LOG, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t)sizeof(struct log)) {
		void *map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			reports = map;
			room = (size_t)st.st_size - sizeof(struct log);
		}
	}
	close(fd);
}

void __sanitizer_on_print(const char *text)
{
	size_t length = strlen(text), at;
	if (!reports)
		return;
	at = atomic_fetch_add(&reports->used, length);
	if (at <= room && length <= room - at)
		memcpy(reports->text + at, text, length);
}
