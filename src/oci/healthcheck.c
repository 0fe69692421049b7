/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An image's words are a stranger's: a number that is none, or a kind of test
 * that nobody knows, is an error with its key, since a check that is left out
 * in silence would let a container pass for one that has none.
 */
#include "oci/healthcheck.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void healthcheck_done(struct healthcheck *h)
{
	strv_done(&h->test);
}

int healthcheck_parse(struct json_object *o, struct healthcheck *ret, struct err *e)
{
	const struct {
		const char *key;
		uint64_t *to;
	} times[] = {{"Interval", &ret->interval_ns}, {"Timeout", &ret->timeout_ns}, {"StartPeriod", &ret->start_period_ns}};
	int r;

	if (!o)
		return 0;
	r = json_get_strv(o, "Test", &ret->test, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(times); i++)
		r = json_get_u64(o, times[i].key, 0, INT64_MAX, times[i].to, e);
	if (r == 0)
		r = json_get_u32(o, "Retries", 0, INT32_MAX, &ret->retries, e);
	return r < 0 ? err_wrap(e, r, "Healthcheck") : 0;
}

static int add_two(struct strv *v, const char *kind, const char *text)
{
	int r = strv_add(v, kind);

	return r == 0 && text ? strv_add(v, text) : r;
}

static bool is_kind(const char *word)
{
	return strcasecmp(word, "NONE") == 0 || strcasecmp(word, "CMD") == 0 || strcasecmp(word, "CMD-SHELL") == 0;
}

/* One command is the shell's, several words are a command of their own: podman's rule. */
static int from_array(struct json_object *array, struct strv *ret)
{
	size_t n = json_object_array_length(array);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_string))
			return -EINVAL;
	if (n == 0)
		return -EINVAL;
	if (!is_kind(json_object_get_string(json_object_array_get_idx(array, 0))))
		r = strv_add(ret, n > 1 ? "CMD" : "CMD-SHELL");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_add(ret, json_object_get_string(json_object_array_get_idx(array, i)));
	return r;
}

static int add_words(struct strv *v, const char *text)
{
	int r = 0;

	for (text += strspn(text, " "); r == 0 && *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		r = strv_addf(v, "%.*s", (int)n, text);
		text += n;
	}
	return r;
}

int healthcheck_parse_text(const char *text, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *array = NULL;
	int r;

	if (!*text)
		return err_set(e, EINVAL, "--health-cmd: no command");
	if (*text == '[' && json_parse(text, strlen(text), "--health-cmd", &array, NULL) == 0 &&
	    json_object_is_type(array, json_type_array))
		r = from_array(array, ret);
	else if (strcasecmp(text, "none") == 0)
		r = strv_add(ret, "NONE");
	else if (strncasecmp(text, "CMD-SHELL ", 10) == 0)
		r = add_two(ret, "CMD-SHELL", text + 10);
	else if (strncasecmp(text, "CMD ", 4) == 0)
		r = strv_add(ret, "CMD") < 0 ? -ENOMEM : add_words(ret, text + 4);
	else
		r = add_two(ret, "CMD-SHELL", text);
	return r == -EINVAL ? err_set(e, EINVAL, "--health-cmd %s: not an array of words", text) : r < 0 ? err_errno(e, -r, "--health-cmd") : 0;
}

int healthcheck_command(const struct healthcheck *h, struct strv *ret, struct err *e)
{
	const struct strv *t = &h->test;
	int r = 0;

	if (t->n == 0 || strcasecmp(t->items[0], "NONE") == 0)
		return 0;
	if (strcasecmp(t->items[0], "CMD-SHELL") == 0 && t->n == 2) {
		r = add_two(ret, "/bin/sh", "-c");
		if (r == 0)
			r = strv_add(ret, t->items[1]);
	} else if (strcasecmp(t->items[0], "CMD") == 0 && t->n > 1) {
		r = strv_add_all(ret, t->items + 1);
	} else {
		return err_set(e, EINVAL, "health check: Test is not NONE, CMD with words, or CMD-SHELL with a text");
	}
	return r < 0 ? err_errno(e, -r, "health check") : 0;
}
