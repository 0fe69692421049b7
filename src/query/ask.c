/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "query/ask.h"

#include "audit/ledger.h"
#include "audit/system_ledger.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int ask_user(const char *text, uint32_t *ret, struct err *e)
{
	const struct passwd *pw;

	if (parse_u32(text, 0, UINT32_MAX - 1, ret) == 0)
		return 0;
	pw = getpwnam(text); /* NOLINT(concurrency-mt-unsafe): one thread */
	if (!pw)
		return err_set(e, EINVAL, "there is no user %s", text);
	*ret = pw->pw_uid;
	return 0;
}

int ask_moment(const char *text, const char *option, int64_t *ret, struct err *e)
{
	struct timespec now = clock_now(), t;

	if (!text)
		return 0;
	if (clock_parse_moment(text, &now, &t) < 0)
		return err_set(e, EINVAL, "%s: \"%s\" is no time", option, text);
	*ret = clock_ns(&t);
	return 0;
}

int ask_source(const char *ledger, const char *system, const char *state, char *path, size_t size, struct err *e)
{
	const char *host = system && system[0] ? system : SYSTEM_LEDGER_DIR;
	bool is_system;
	int n;

	if (ledger && system)
		return err_set(e, EINVAL, "--ledger and --system exclude each other");
	is_system = !ledger && (system || faccessat(AT_FDCWD, host, R_OK | X_OK, AT_EACCESS) == 0);
	if (ledger || is_system)
		n = snprintf(path, size, "%s", ledger ? ledger : host);
	else
		n = snprintf(path, size, "%s/" LEDGER_USER_NAME, state);
	if (n < 0 || (size_t)n >= size)
		return err_errno(e, ENAMETOOLONG, "ledger");
	return is_system ? ASK_SYSTEM : ASK_OWN;
}

int ask_no_ledger(const char *path, struct err *e)
{
	err_errno(e, ENOENT, "there is no ledger %s yet", path);
	err_hint(e, "`ranby run` begins one; --ledger names another, and --system the host's (root, group ranby-audit)");
	return -ENOENT;
}

void ask_print_json(struct json_object *o)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT;
	size_t len = 0;
	const char *text = json_text(o, &len);

	escape_json(text, len, &line);
	puts(buf_str(&line));
}

void ask_csv_cell(const char *text, bool first, struct buf *out)
{
	bool quote = text[strcspn(text, ",\"\r\n")] != '\0';

	buf_adds(out, first ? "" : ",");
	buf_adds(out, quote ? "\"" : "");
	if (text[0] != '\0' && strchr("=+-@\t\r\n", text[0]))
		buf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(out, '"');
		buf_addc(out, *text);
	}
	buf_adds(out, quote ? "\"" : "");
}
