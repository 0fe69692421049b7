/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/caps.h"

#include "sys/status_mask.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int caps_count(void)
{
	int n = 0;

	while (n < 64 && prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0)
		n++;
	return n;
}

int caps_bound(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL)
				break; /* past the last one that the kernel knows */
			return -errno;
		}
	}
	return 0;
}

int caps_set(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 2; i++) {
		d[i].permitted = (uint32_t)(permitted >> (32 * i));
		d[i].effective = (uint32_t)(effective >> (32 * i));
		d[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return syscall(SYS_capset, &head, d) < 0 ? -errno : 0;
}

int caps_set_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int cap = 0; cap < 64; cap++)
		if ((ambient >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

static int get_sets(struct caps *c)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &head, d) < 0)
		return -errno;
	c->permitted = (uint64_t)d[1].permitted << 32 | d[0].permitted;
	c->effective = (uint64_t)d[1].effective << 32 | d[0].effective;
	c->inheritable = (uint64_t)d[1].inheritable << 32 | d[0].inheritable;
	return 0;
}

static int get_ambient(struct caps *c)
{
	for (int cap = 0; cap < 64; cap++) {
		/* none is ambient that is not permitted and inheritable (capabilities(7)) */
		int ambient = (c->permitted & c->inheritable) >> cap & 1 ? prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) : 0;

		if (ambient < 0)
			return -errno;
		c->ambient |= (uint64_t)(ambient > 0) << cap;
	}
	return 0;
}

int caps_get(struct caps *ret)
{
	struct caps c = {0};
	int r = get_sets(&c);

	if (r == 0)
		r = get_ambient(&c);
	if (r < 0)
		return r;
	for (int cap = 0; cap < 64; cap++) {
		int bounding = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (bounding < 0 && errno == EINVAL)
			break; /* past the last one that the kernel knows */
		if (bounding < 0)
			return -errno; /* not: the rest is not there */
		c.bounding |= (uint64_t)(bounding > 0) << cap;
	}
	*ret = c;
	return 0;
}

/* False: it does not say all. */
static bool read_status(int status, struct caps *ret)
{
	char text[STATUS_TEXT_SIZE];
	ssize_t n = status < 0 ? -1 : read(status, text, sizeof(text) - 1);
	struct caps c;

	text[n > 0 ? n : 0] = '\0';
	if (!status_mask(text, "CapInh", &c.inheritable) || !status_mask(text, "CapPrm", &c.permitted) ||
	    !status_mask(text, "CapEff", &c.effective) || !status_mask(text, "CapBnd", &c.bounding) ||
	    !status_mask(text, "CapAmb", &c.ambient))
		return false;
	*ret = c;
	return true;
}

int caps_bound_verified(uint64_t keep, int status, struct caps *ret, struct err *e)
{
	struct caps c = {0};
	int r = caps_bound(keep);

	if (r < 0)
		return err_errno(e, -r, "bounding capabilities");
	if (!read_status(status, &c))
		r = caps_get(&c);
	if (r < 0)
		return err_errno(e, -r, "read the capabilities back");
	if (c.bounding & ~keep)
		return err_set(e, EPERM, "bounding capabilities are %llx, not %llx as asked", (unsigned long long)c.bounding,
			       (unsigned long long)keep);
	*ret = c;
	return 0;
}

static int compare(const struct caps *want, const struct caps *is, struct err *e)
{
	const struct {
		const char *name;
		uint64_t want, is;
	} sets[] = {
		{"bounding", want->bounding, is->bounding},
		{"permitted", want->permitted, is->permitted},
		{"effective", want->effective, is->effective},
		{"inheritable", want->inheritable, is->inheritable},
		{"ambient", want->ambient, is->ambient},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		if (sets[i].want != sets[i].is)
			return err_set(e, EPERM, "%s capabilities are %llx, not %llx as asked", sets[i].name,
				       (unsigned long long)sets[i].is, (unsigned long long)sets[i].want);
	return 0;
}

int caps_verify(const struct caps *want, struct err *e)
{
	struct caps is;
	int r = caps_get(&is);

	return r < 0 ? err_errno(e, -r, "read the capabilities back") : compare(want, &is, e);
}

int caps_verify_bounded(const struct caps *want, struct err *e)
{
	struct caps is = {.bounding = want->bounding};
	int r = get_sets(&is);

	is.bounding = want->bounding;
	if (r == 0)
		r = get_ambient(&is);
	return r < 0 ? err_errno(e, -r, "read the capabilities back") : compare(want, &is, e);
}

int caps_keep_over_exec(void)
{
	struct caps c = {0};
	int r = get_sets(&c);

	if (r == 0)
		r = caps_set(c.permitted, c.permitted, c.permitted);
	return r == 0 ? caps_set_ambient(c.permitted) : r;
}
