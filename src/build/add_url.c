/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file is got whenever the build comes by: whether what the cache has is
 * still what is there cannot be known otherwise. Its digest is in the key, not
 * its time.
 */
#include "build/add_url.h"

#include "build/address.h"
#include "sys/fd.h"

#include <errno.h>
#include <string.h>

void add_url_done(struct add_url *u)
{
	for (size_t i = 0; i < u->n; i++)
		fd_closep(&u->items[i].fd);
	free(u->items);
	*u = (struct add_url){0};
}

static int check(const struct instruction *in, size_t *ret_n, struct err *e)
{
	size_t sources = in->args.n - 1;

	*ret_n = 0;
	if (in->flags.keep_git_dir)
		return err_set(e, ENOTSUP, "--keep-git-dir: git repositories are not fetched");
	for (size_t i = 0; i < sources; i++) {
		enum address_kind kind = instruction_heredoc(in, in->args.items[i]) ? ADDRESS_NONE : address_kind(in->args.items[i]);

		if (kind != ADDRESS_NONE && in->kind == INSTRUCTION_COPY)
			return err_set(e, EINVAL, "source can't be a URL for COPY: %s", in->args.items[i]);
		if (kind != ADDRESS_NONE && address_refuse(in->args.items[i], e) < 0)
			return -ENOTSUP;
		*ret_n += kind == ADDRESS_HTTP;
	}
	if (!in->flags.checksum)
		return 0;
	if (sources > 1)
		return err_set(e, EINVAL, "checksum can't be specified for multiple sources");
	return *ret_n ? 0 : err_set(e, EINVAL, "checksum can't be specified for non-HTTP(S) sources");
}

static int get_all(struct session *s, const struct instruction *in, const struct digest *want, struct add_url *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ret->n; i++) {
		const char *url = in->args.items[i];

		if (!instruction_heredoc(in, url) && address_kind(url) == ADDRESS_HTTP)
			r = address_get(url, want, &s->q->pull->access, s->dir->dirfd, &ret->items[i].fd, &ret->items[i].is, e);
	}
	return r;
}

int add_url_get(struct session *s, const struct instruction *in, struct add_url *ret, struct err *e)
{
	struct digest want = {0};
	size_t n;
	int r = check(in, &n, e);

	if (r < 0 || n == 0)
		return r;
	if (in->flags.checksum) {
		r = digest_parse(in->flags.checksum, &want, e);
		if (r < 0)
			return err_wrap(e, r, "--checksum=%s", in->flags.checksum);
	}
	ret->items = mem_array(in->args.n - 1, sizeof(*ret->items));
	if (!ret->items)
		return err_errno(e, ENOMEM, "ADD");
	for (; ret->n < in->args.n - 1; ret->n++)
		ret->items[ret->n] = (struct add_download){.fd = -EBADF};
	return get_all(s, in, in->flags.checksum ? &want : NULL, ret, e);
}
