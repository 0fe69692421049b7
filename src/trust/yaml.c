/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* libyaml's events, put on a stack of what is open. */
#include "trust/yaml.h"

#include "base/base64.h"
#include "base/buf.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 16
#define EVENTS_MAX 65536

struct open {
	struct json_object *o; /* borrowed from its parent, but the first */
	char *key;             /* of a mapping: read, and waits for its value */
};

struct reader {
	struct open stack[DEPTH_MAX];
	size_t depth;
	struct json_object *root;
	bool over;
};

static void reader_done(struct reader *r)
{
	for (size_t i = 0; i < r->depth; i++)
		free(r->stack[i].key);
	json_object_put(r->root);
}

/* Takes the value over. */
static int put(struct reader *y, struct json_object *value, struct err *e)
{
	struct open *top = y->depth ? &y->stack[y->depth - 1] : NULL;
	int r = 0;

	if (!value)
		return err_errno(e, ENOMEM, "YAML");
	if (!top) {
		y->root = value;
		return 0;
	}
	if (json_object_is_type(top->o, json_type_array))
		return json_append(top->o, value) < 0 ? err_errno(e, ENOMEM, "YAML") : 0;
	if (!top->key) {
		json_object_put(value);
		return err_set(e, EINVAL, "YAML: a key that is not a word");
	}
	if (json_object_object_get_ex(top->o, top->key, NULL)) {
		json_object_put(value);
		return err_set(e, EINVAL, "YAML: \"%.64s\" is there twice", top->key);
	}
	r = json_add(top->o, top->key, value);
	free(top->key);
	top->key = NULL;
	return r < 0 ? err_errno(e, ENOMEM, "YAML") : 0;
}

static int take_scalar(struct reader *y, const yaml_event_t *event, struct err *e)
{
	struct open *top = y->depth ? &y->stack[y->depth - 1] : NULL;
	const char *text = (const char *)event->data.scalar.value;

	if (event->data.scalar.anchor || event->data.scalar.tag || strlen(text) != event->data.scalar.length)
		return err_set(e, EINVAL, "YAML: an anchor, a tag or a NUL");
	if (top && json_object_is_type(top->o, json_type_object) && !top->key) {
		top->key = strdup(text);
		return top->key ? 0 : err_errno(e, ENOMEM, "YAML");
	}
	return put(y, json_object_new_string(text), e);
}

static int take_open(struct reader *y, struct json_object *o, const void *anchor, const void *tag, struct err *e)
{
	int r;

	if (anchor || tag || y->depth == DEPTH_MAX) {
		json_object_put(o);
		return err_set(e, EINVAL, "YAML: an anchor, a tag, or deeper than %d", DEPTH_MAX);
	}
	r = put(y, o, e);
	if (r == 0)
		y->stack[y->depth++] = (struct open){.o = o};
	return r;
}

static int take(struct reader *y, const yaml_event_t *event, struct err *e)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(y, event, e);
	case YAML_MAPPING_START_EVENT:
		return take_open(y, json_object_new_object(), event->data.mapping_start.anchor, event->data.mapping_start.tag, e);
	case YAML_SEQUENCE_START_EVENT:
		return take_open(y, json_object_new_array(), event->data.sequence_start.anchor, event->data.sequence_start.tag, e);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		y->depth--;
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		return y->root ? err_set(e, EINVAL, "YAML: a second document") : 0;
	case YAML_ALIAS_EVENT:
		return err_set(e, EINVAL, "YAML: an alias");
	case YAML_STREAM_END_EVENT:
		y->over = true;
		return 0;
	default:
		return 0;
	}
}

static int read_all(yaml_parser_t *p, struct reader *y, struct err *e)
{
	int r = 0;

	for (unsigned n = 0; r == 0 && !y->over; n++) {
		yaml_event_t event;

		if (n == EVENTS_MAX || yaml_parser_parse(p, &event) != 1)
			return err_set(e, EINVAL, "YAML: line %zu: %s", p->problem_mark.line + 1, p->problem ? p->problem : "too long");
		r = take(y, &event, e);
		yaml_event_delete(&event);
	}
	return r;
}

int trust_yaml_parse(const void *text, size_t len, struct json_object **ret, struct err *e)
{
	_cleanup_(reader_done) struct reader y = {0};
	yaml_parser_t p;
	int r;

	if (yaml_parser_initialize(&p) != 1)
		return err_errno(e, ENOMEM, "YAML");
	yaml_parser_set_input_string(&p, text, len);
	r = read_all(&p, &y, e);
	yaml_parser_delete(&p);
	if (r == 0)
		*ret = TAKE_PTR(y.root);
	return r;
}

int trust_yaml(struct json_object *request, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *answer = json_object_new_object();
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct json_object *value = NULL;
	const char *base64 = "";
	int r = answer ? json_get_str(request, "text", &base64, e) : err_errno(e, ENOMEM, "YAML");

	if (r == 0 && base64_decode(base64, strlen(base64), &text) < 0)
		r = err_set(e, EINVAL, "YAML: no text");
	if (r == 0)
		r = trust_yaml_parse(buf_str(&text), text.len, &value, e);
	if (r == 0 && value && json_add(answer, "value", value) < 0)
		r = err_errno(e, ENOMEM, "YAML");
	if (r == 0)
		*ret = TAKE_PTR(answer);
	return r;
}
