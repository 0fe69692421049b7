/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whether a session can be had is asked of the helper, by having it make one:
 * there is no other way to see loginuid_immutable without its capability. At
 * a start it may turn out otherwise; then what the payload has is what counts.
 */
#include "engine/ident.h"

#include "sys/canary.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/* exit codes of ranby-session --check */
enum { CHECK_GOOD = 0, CHECK_FORBIDDEN = 3, CHECK_NO_CAPABILITY = 4 };

static const struct {
	const char *word;
	unsigned ident;
} words[] = {{"uid", IDENT_UID}, {"session", IDENT_SESSION}, {"landlock", IDENT_LANDLOCK}};

int ident_parse(const char *text, unsigned *ret, struct err *e)
{
	unsigned all = 0;

	for (const char *p = text ? text : ""; *p;) {
		size_t n = strcspn(p, ","), i = 0;

		while (i < ARRAY_SIZE(words) && (strlen(words[i].word) != n || memcmp(words[i].word, p, n) != 0))
			i++;
		if (i == ARRAY_SIZE(words))
			return err_set(e, EINVAL, "--ident %s: not of uid, session, landlock", text);
		all |= words[i].ident;
		p += n + (p[n] == ',' && p[n + 1]);
		if (*p == ',')
			return err_set(e, EINVAL, "--ident %s: not of uid, session, landlock", text);
	}
	*ret = all;
	return 0;
}

const char *ident_text(unsigned ident, char out[static IDENT_TEXT_SIZE])
{
	char *p = out;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);

		if (!(ident & words[i].ident))
			continue;
		if (p > out)
			*p++ = ',';
		memcpy(p, words[i].word, n);
		p += n;
	}
	*p = '\0';
	return out;
}

/* The helper's word; -errno when it is not there. */
static int check_session(void)
{
	char *argv[] = {(char[]){"ranby-session"}, (char[]){"--check"}, NULL};
	_cleanup_close_ int exe = -EBADF;
	struct spawn s = SPAWN_INIT;
	int status, r;
	pid_t pid;

	r = self_open_program("ranby-session", &exe, NULL, NULL);
	if (r < 0)
		return r;
	s.exe_fd = exe;
	s.argv = argv;
	for (size_t i = 0; i < 3; i++)
		s.stdio[i] = -EBADF;
	r = spawn_start(&s, &pid, NULL, NULL);
	if (r == 0)
		r = spawn_wait(pid, &status);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

unsigned ident_resolve(unsigned asked, const struct loginuid *login, const char **ret_notice)
{
	bool has_login = login->how == LOGINUID_SET || login->how == LOGINUID_PINNED || login->how == LOGINUID_TRANSLATED;
	int r;

	*ret_notice = NULL;
	if ((asked & IDENT_LANDLOCK) && !canary_is_supported()) {
		*ret_notice = "--ident=landlock: Landlock does not log here (Linux 6.15 and later do, where it is enabled)";
		asked &= ~(unsigned)IDENT_LANDLOCK;
	}
	if (!(asked & IDENT_SESSION))
		return asked;
	r = has_login ? check_session() : -ENODATA;
	if (r == CHECK_GOOD)
		return asked;
	if (r == CHECK_FORBIDDEN)
		*ret_notice = "--ident=session: loginuid is immutable here; the container has its own user IDs instead (--ident=uid)";
	else if (r == CHECK_NO_CAPABILITY)
		*ret_notice = "--ident=session: ranby-session has no capability here; the container has its own user IDs instead (--ident=uid)";
	else if (has_login)
		*ret_notice = "--ident=session: ranby-session is not installed; the container has its own user IDs instead (--ident=uid)";
	else
		*ret_notice = "--ident=session: there is no login to make a session of; the container has its own user IDs instead (--ident=uid)";
	return (asked & ~(unsigned)IDENT_SESSION) | IDENT_UID;
}

/* The host IDs of the payload's map, when its root is not the user. */
static int add_slice(struct json_object *o, struct json_object *in_force, unsigned *have)
{
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	uint32_t from = UINT32_MAX, to = 0;

	if (!l)
		return -ENOMEM;
	if (id_list_parse(json_str(in_force, "uidMap"), l) < 0 || l->n == 0)
		return 0;
	for (size_t i = 0; i < l->n; i++) {
		uint32_t last = l->extents[i].outside + (l->extents[i].count - 1);

		from = l->extents[i].outside < from ? l->extents[i].outside : from;
		to = last > to ? last : to;
	}
	*have |= IDENT_UID;
	return json_add_int(o, "uidFrom", from) < 0 ? -ENOMEM : json_add_int(o, "uidTo", to);
}

static int add_session(struct json_object *o, struct json_object *in_force, const struct loginuid *starter, unsigned *have)
{
	int64_t session = json_at(in_force, "session") ? json_int(in_force, "session") : -1;

	if (session < 0 || session == (int64_t)starter->session)
		return 0;
	*have |= IDENT_SESSION;
	return json_add_int(o, "session", session) < 0 ? -ENOMEM : json_add_int(o, "sessionOf", starter->session);
}

int ident_json(unsigned asked, struct json_object *in_force, const struct loginuid *starter, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	char text[IDENT_TEXT_SIZE];
	/* a domain cannot be seen from outside; init would not have come to its exec without */
	unsigned have = asked & IDENT_LANDLOCK;

	if (asked == 0)
		return 0;
	o = json_object_new_object();
	if (!o || json_add_str(o, "asked", ident_text(asked, text)) < 0 ||
	    ((asked & IDENT_UID) && add_slice(o, in_force, &have) < 0) ||
	    ((asked & IDENT_SESSION) && add_session(o, in_force, starter, &have) < 0) ||
	    json_add_str(o, "inForce", ident_text(have, text)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}
