/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The body is built behind room for the head, so that an offset is final when
 * it is given out. Items are aligned to 8.
 *
 * The reader checks although the writer is ours: the check is cheap, and a
 * mistake in the writer then is an error instead of a wild read in a process
 * that is still privileged.
 */
#include "runtime/plan.h"

#include "sys/fd.h"
#include "sys/memfd.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

void plan_writer_init(struct plan_writer *w)
{
	memset(w, 0, sizeof(*w));
	w->head.magic = PLAN_MAGIC;
	w->head.sync_fd = w->head.listen_fd = w->head.rootfs_fd = w->head.console_fd = -1;
	w->head.lifeline_fd = w->head.trail_fd = w->head.notify_fd = -1;
	for (size_t i = 0; i < PLAN_TEXTS; i++)
		w->head.text_fd[i] = -1;
	w->head.proc_fd = w->head.target_fd = -1;
	w->body.limit = PLAN_MAX;
	buf_add(&w->body, &w->head, sizeof(w->head));
}

void plan_writer_done(struct plan_writer *w)
{
	buf_done(&w->body);
}

static uint32_t align(struct plan_writer *w)
{
	while (w->body.len % 8 != 0 && !buf_bad(&w->body))
		buf_addc(&w->body, '\0');
	return (uint32_t)w->body.len;
}

uint32_t plan_string(struct plan_writer *w, const char *s)
{
	uint32_t at = (uint32_t)w->body.len;

	if (!s)
		return 0;
	buf_add(&w->body, s, strlen(s) + 1);
	return at;
}

struct plan_list plan_items(struct plan_writer *w, const void *items, size_t n, size_t size)
{
	struct plan_list l = {.offset = align(w), .n = (uint32_t)n};

	if (n == 0)
		return (struct plan_list){0, 0};
	buf_add(&w->body, items, n * size);
	return l;
}

struct plan_list plan_strings(struct plan_writer *w, char *const *items, size_t n)
{
	_cleanup_free_ uint32_t *offsets = mem_array(n, sizeof(*offsets));

	if (!offsets) {
		w->body.error = ENOMEM;
		return (struct plan_list){0, 0};
	}
	for (size_t i = 0; i < n; i++)
		offsets[i] = plan_string(w, items[i]);
	return plan_items(w, offsets, n, sizeof(*offsets));
}

int plan_seal(struct plan_writer *w, int *ret_fd, struct err *e)
{
	int r;

	/* the last byte is a NUL, so that no string can run past the end */
	buf_addc(&w->body, '\0');
	r = -buf_bad(&w->body);
	if (r == 0) {
		w->head.size = (uint32_t)w->body.len;
		memcpy(w->body.data, &w->head, sizeof(w->head));
		r = memfd_seal_bytes("ranby-plan", w->body.data, w->body.len, ret_fd);
	}
	return r < 0 ? err_errno(e, -r, "plan for init") : 0;
}

const char *plan_str(const struct plan *p, uint32_t offset)
{
	return offset == 0 ? NULL : (const char *)p + offset;
}

const void *plan_at(const struct plan *p, struct plan_list l)
{
	return (const char *)p + l.offset;
}

const char *plan_str_at(const struct plan *p, struct plan_list l, size_t i)
{
	return plan_str(p, ((const uint32_t *)plan_at(p, l))[i]);
}

static bool string_is_inside(const struct plan *p, uint32_t offset)
{
	return offset == 0 || (offset >= sizeof(*p) && offset < p->size);
}

static bool list_is_inside(const struct plan *p, struct plan_list l, size_t size)
{
	uint64_t end = l.offset + (uint64_t)l.n * size;

	return l.n == 0 || (l.offset >= sizeof(*p) && l.offset % 8 == 0 && end <= p->size);
}

static bool strings_are_inside(const struct plan *p, struct plan_list l)
{
	if (!list_is_inside(p, l, sizeof(uint32_t)))
		return false;
	for (size_t i = 0; i < l.n; i++) {
		uint32_t at = ((const uint32_t *)plan_at(p, l))[i];

		if (at == 0 || !string_is_inside(p, at))
			return false;
	}
	return true;
}

static bool mounts_are_inside(const struct plan *p)
{
	const struct plan_mount *m = plan_at(p, p->mounts);

	if (!list_is_inside(p, p->mounts, sizeof(*m)))
		return false;
	for (size_t i = 0; i < p->mounts.n; i++)
		if (!string_is_inside(p, m[i].type) || !string_is_inside(p, m[i].destination) || m[i].destination == 0 ||
		    (m[i].kind == PLAN_MOUNT_NEW && m[i].type == 0) || !strings_are_inside(p, m[i].options))
			return false;
	return true;
}

static bool domains_are_inside(const struct plan *p)
{
	const struct plan_domain *d = plan_at(p, p->domains);

	if (p->domains.n > PLAN_DOMAINS_MAX || !list_is_inside(p, p->domains, sizeof(*d)))
		return false;
	for (size_t i = 0; i < p->domains.n; i++) {
		const struct plan_path_rule *rule = plan_at(p, d[i].paths);

		if (!list_is_inside(p, d[i].paths, sizeof(*rule)) || !list_is_inside(p, d[i].ports, sizeof(struct plan_port_rule)))
			return false;
		for (size_t k = 0; k < d[i].paths.n; k++)
			if (rule[k].path == 0 || !string_is_inside(p, rule[k].path))
				return false;
	}
	return true;
}

static bool hooks_are_inside(const struct plan *p, struct plan_list l)
{
	const struct plan_hook *h = plan_at(p, l);

	if (!list_is_inside(p, l, sizeof(*h)))
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (h[i].path == 0 || !string_is_inside(p, h[i].path) || !strings_are_inside(p, h[i].args) || !strings_are_inside(p, h[i].env))
			return false;
	return true;
}

static bool items_are_inside(const struct plan *p)
{
	const struct plan_device *d = plan_at(p, p->devices);
	const struct plan_pair *s = plan_at(p, p->sysctls);

	if (!list_is_inside(p, p->devices, sizeof(*d)) || !list_is_inside(p, p->sysctls, sizeof(*s)))
		return false;
	for (size_t i = 0; i < p->devices.n; i++)
		if (d[i].path == 0 || !string_is_inside(p, d[i].path))
			return false;
	for (size_t i = 0; i < p->sysctls.n; i++)
		if (s[i].name == 0 || s[i].value == 0 || !string_is_inside(p, s[i].name) || !string_is_inside(p, s[i].value))
			return false;
	return list_is_inside(p, p->given, sizeof(struct plan_ns)) && list_is_inside(p, p->groups, sizeof(uint32_t)) && list_is_inside(p, p->rlimits, sizeof(struct plan_rlimit)) &&
	       list_is_inside(p, p->seccomp, sizeof(struct sock_filter)) &&
	       list_is_inside(p, p->trail, sizeof(struct sock_filter)) && domains_are_inside(p) &&
	       hooks_are_inside(p, p->create_hooks) && hooks_are_inside(p, p->start_hooks);
}

static bool is_sound(const struct plan *p, uint64_t size)
{
	const uint32_t strings[] = {p->cwd, p->hostname, p->domainname, p->apparmor, p->selinux};
	const struct plan_list lists[] = {p->masked, p->readonly, p->args, p->env};

	if (p->magic != PLAN_MAGIC || p->size != size || ((const char *)p)[size - 1] != '\0')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (!string_is_inside(p, strings[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!strings_are_inside(p, lists[i]))
			return false;
	return p->args.n > 0 && p->cwd != 0 && mounts_are_inside(p) && items_are_inside(p);
}

int plan_open(int fd, struct plan **ret, struct err *e)
{
	struct stat st;
	void *m;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "plan");
	if ((uint64_t)st.st_size < sizeof(struct plan) || (uint64_t)st.st_size > PLAN_MAX)
		return err_set(e, EINVAL, "plan: not of a plan's size");
	m = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (m == MAP_FAILED)
		return err_errno(e, errno, "plan");
	if (!is_sound(m, (uint64_t)st.st_size)) {
		munmap(m, (size_t)st.st_size);
		return err_set(e, EINVAL, "plan: not sound");
	}
	*ret = m;
	return 0;
}
