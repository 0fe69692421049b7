/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Written by hand, and not by a library, for two reasons: a layer's digest
 * must not change with a library's version, and what writes a container's
 * files should convert no names (libraries go by the locale there).
 */
#include "base/tar_writer.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 100
#define OCTAL_7_MAX 07777777U          /* what seven digits hold */
#define OCTAL_11_MAX 077777777777ULL   /* eleven */

struct header {
	char name[NAME_SIZE], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[NAME_SIZE], magic[6], version[2];
	char user[32], group[32], dev_major[8], dev_minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is a block");

static void octal(char *field, size_t size, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);
	memcpy(field, text, size);
}

static void put_header(const struct tar_entry *t, const char *name, char type, uint64_t size, struct buf *out)
{
	struct header h;
	unsigned sum = 0;
	char checksum[8];

	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, strnlen(name, NAME_SIZE));
	octal(h.mode, sizeof(h.mode), t->mode & 07777);
	octal(h.uid, sizeof(h.uid), t->uid <= OCTAL_7_MAX ? t->uid : 0);
	octal(h.gid, sizeof(h.gid), t->gid <= OCTAL_7_MAX ? t->gid : 0);
	octal(h.size, sizeof(h.size), size <= OCTAL_11_MAX ? size : 0);
	octal(h.mtime, sizeof(h.mtime), t->mtime_sec >= 0 && (uint64_t)t->mtime_sec <= OCTAL_11_MAX ? (uint64_t)t->mtime_sec : 0);
	h.type = type;
	if (t->link && type != 'x')
		memcpy(h.link, t->link, strnlen(t->link, NAME_SIZE));
	memcpy(h.magic, "ustar", sizeof(h.magic));
	memcpy(h.version, "00", sizeof(h.version));
	octal(h.dev_major, sizeof(h.dev_major), 0);
	octal(h.dev_minor, sizeof(h.dev_minor), 0);
	memset(h.checksum, ' ', sizeof(h.checksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	snprintf(checksum, sizeof(checksum), "%06o", sum & 0777777U);
	memcpy(h.checksum, checksum, 7);
	buf_add(out, &h, sizeof(h));
}

/* "LEN KEY=VALUE\n", where LEN counts itself too. */
static void record(const char *key, const char *before, const void *value, size_t len, struct buf *pax)
{
	size_t rest = strlen(key) + strlen(before) + len + 3, total = rest + 1;
	char digits[24];

	while (snprintf(digits, sizeof(digits), "%zu", total), strlen(digits) + rest != total)
		total = rest + strlen(digits);
	buf_addf(pax, "%zu %s%s=", total, before, key);
	buf_add(pax, value, len);
	buf_addc(pax, '\n');
}

static void record_number(const char *key, uint64_t value, struct buf *pax)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	record(key, "", text, strlen(text), pax);
}

static void record_time(const struct tar_entry *t, struct buf *pax)
{
	/* as a decimal fraction: -0.25 is one second before 0 and .75 */
	bool before = t->mtime_sec < 0 && t->mtime_nsec > 0;
	long long sec = (long long)t->mtime_sec + before;
	unsigned nsec = before ? 1000000000U - t->mtime_nsec : t->mtime_nsec;
	char text[48];

	snprintf(text, sizeof(text), "%s%lld.%09u", before && sec == 0 ? "-" : "", sec, nsec);
	record("mtime", "", text, strlen(text), pax);
}

void tar_xattr(const char *name, const void *value, size_t len, struct buf *pax)
{
	record(name, "SCHILY.xattr.", value, len, pax);
}

void tar_padding(uint64_t size, struct buf *out)
{
	static const char zeros[TAR_BLOCK];
	size_t over = (size_t)(size % TAR_BLOCK);

	if (over)
		buf_add(out, zeros, TAR_BLOCK - over);
}

static void put_pax(const struct tar_entry *t, const char *name, struct buf *out)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	const char *slash = strrchr(name, '/');
	char own[NAME_SIZE + 1];

	if (strlen(name) > NAME_SIZE)
		record("path", "", name, strlen(name), &pax);
	if (t->link && strlen(t->link) > NAME_SIZE)
		record("linkpath", "", t->link, strlen(t->link), &pax);
	if (t->uid > OCTAL_7_MAX)
		record_number("uid", t->uid, &pax);
	if (t->gid > OCTAL_7_MAX)
		record_number("gid", t->gid, &pax);
	if (t->type == TAR_FILE && t->size > OCTAL_11_MAX)
		record_number("size", t->size, &pax);
	if (t->mtime_nsec || t->mtime_sec < 0 || (uint64_t)t->mtime_sec > OCTAL_11_MAX)
		record_time(t, &pax);
	if (t->pax)
		buf_add(&pax, t->pax->data, t->pax->len);
	if (buf_bad(&pax) || (t->pax && buf_bad(t->pax))) {
		/* an error in what goes into it is one of the whole */
		(void)!buf_reserve(out, SIZE_MAX / 2);
		return;
	}
	if (pax.len == 0)
		return;
	snprintf(own, sizeof(own), "PaxHeaders/%.80s", slash && slash[1] ? slash + 1 : "x");
	put_header(&(struct tar_entry){.mode = 0644}, own, 'x', pax.len, out);
	buf_add(out, pax.data, pax.len);
	tar_padding(pax.len, out);
}

void tar_header(const struct tar_entry *t, struct buf *out)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT;

	buf_addf(&name, "%s%s", t->name, t->type == TAR_DIRECTORY ? "/" : "");
	put_pax(t, buf_str(&name), out);
	put_header(t, buf_str(&name), (char)t->type, t->type == TAR_FILE ? t->size : 0, out);
}

void tar_end(struct buf *out)
{
	static const char zeros[2 * TAR_BLOCK];

	buf_add(out, zeros, sizeof(zeros));
}
