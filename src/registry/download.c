/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker is one for this address alone: what it connects to is decided
 * before it is asked for anything.
 */
#include "registry/download.h"

#include "base/escape.h"
#include "registry/fetch.h"
#include "registry/http.h"

#include <stdio.h>
#include <string.h>

static int session_json(const char *url, const struct registry_access *access, struct json_object *o, struct err *e)
{
	int bad = json_add_str(o, "url", url);

	bad |= json_add_bool(o, "skipVerifyOthers", access->tls == REGISTRY_TLS_INSECURE);
	return bad ? err_errno(e, ENOMEM, "session") : 0;
}

static int wait_for(struct fetch_client *fc, struct fetch_answer *a, struct err *e)
{
	int r;

	while ((r = fetch_answer(fc, a, e)) == 0 && a->type == FETCH_PROGRESS)
		;
	if (r < 0 || a->type != FETCH_FAILED)
		return r;
	if (e)
		*e = a->err;
	return -a->err.code;
}

int download(const char *url, const struct digest *want, uint64_t max, const struct registry_access *access, int fd, struct download *ret,
	     struct err *e)
{
	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
	_cleanup_json_ struct json_object *session = json_object_new_object();
	struct fetch_answer a;
	int r = session ? session_json(url, access, session, e) : err_errno(e, ENOMEM, "session");

	if (r == 0)
		r = fetch_start(&fc, session, access->env, e);
	if (r == 0)
		r = fetch_ask(&fc, FETCH_URL, 0, want ? want->text : "", max, fd, e);
	if (r == 0)
		r = wait_for(&fc, &a, e);
	if (r < 0) {
		char shown[HTTP_URL_SIZE];

		snprintf(shown, sizeof(shown), "%s", url);
		escape_userinfo(shown, strlen(url) >= sizeof(shown));
		return err_wrap(e, r, "%s", shown);
	}
	*ret = (struct download){.bytes = a.bytes, .digest = a.digest, .mtime_sec = a.mtime_sec};
	return 0;
}
