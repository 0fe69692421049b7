/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The runtime reads config.json anew at each start, so what a later command
 * changes of a container has to be written there too, beside container.json.
 * A text that stands in for a parsed object there (engine/profile.h) is an
 * object like others when it is read again.
 */
#include "engine/bundle_config.h"

#include "sys/path.h"

#include <errno.h>

#define CONFIG_MAX (4U << 20)

int bundle_config_change(int container_dirfd, bundle_config_fn fn, void *ctx, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_json_ struct json_object *config = NULL;
	const char *text = NULL;
	size_t len = 0;
	int r = path_own_read(container_dirfd, "config.json", CONFIG_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "config.json of the container");
	r = json_parse(buf_str(&b), b.len, "config.json", &config, e);
	if (r < 0)
		return r;
	r = fn(config, ctx);
	if (r == 0)
		text = json_text(config, &len);
	if (r == 0)
		r = text ? path_own_write(container_dirfd, "config.json", text, len, 0600, PATH_SYNC_FULL) : -ENOMEM;
	return r < 0 ? err_errno(e, -r, "config.json of the container") : 0;
}
