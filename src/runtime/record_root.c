/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/record_root.h"

#include "audit/readback.h"
#include "audit/uuid.h"
#include "audit/verb.h"
#include "base/buf.h"
#include "sys/fd.h"
#include "sys/kaudit_state.h"
#include "sys/pidns.h"

#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_IN_RECORD 120
#define CGROUP_MAX_IN_RECORD 180

bool record_is_container_id(const char *id)
{
	return strlen(id) == 64 && id[strspn(id, "0123456789abcdef")] == '\0';
}

/* Those that the process is in to stay: one that joins is in its pid namespace alone yet. */
static void add_namespaces(struct record *r, const struct record_root *t)
{
	static const char *const names[] = {"pid", "user", "mnt", "net"};

	for (size_t i = 0; i < (t->verb == AUDIT_VERB_EXEC ? 1 : ARRAY_SIZE(names)); i++) {
		uint64_t inode = 0;

		if (proc_ns_inode(t->p, names[i], &inode) == 0)
			record_add(r, " %s-ns=%llu", names[i], (unsigned long long)inode);
	}
}

static void add_login(struct record *r, const struct record_root *t)
{
	uint32_t auid, ses;

	if (proc_read_id(t->p, "loginuid", &auid) < 0 || proc_read_id(t->p, "sessionid", &ses) < 0)
		return;
	if (t->verb == AUDIT_VERB_EXEC)
		record_add(r, " auid-of=%u ses-of=%u", auid, ses);
	else
		record_add(r, " starter-auid=%u starter-ses=%u", auid, ses);
}

/* What is read of the process that the record is about. */
static void add_facts(struct record *r, const struct record_root *t)
{
	_cleanup_(buf_done) struct buf cgroup = BUF_INIT;

	add_namespaces(r, t);
	if (proc_read_cgroup(t->p, &cgroup) == 0)
		record_nv(r, "cgroup", buf_str(&cgroup), CGROUP_MAX_IN_RECORD);
	add_login(r, t);
	record_add(r, " stage=pre-exec");
}

void record_root_text(const struct record_root *t, const char *uuid, struct record *ret)
{
	unsigned long long init_start = t->s->start_ticks, start = t->p ? t->p->start_ticks : init_start;
	int init = (int)t->s->pid, pid = t->p ? (int)t->p->pid : init;

	*ret = (struct record){.len = 0};
	record_add(ret, "virt=ranby op=%s reason=%s", audit_verb_row(t->verb)->op, t->p ? "runtime" : "deleted");
	record_nv(ret, "vm", t->s->id, NAME_MAX_IN_RECORD);
	record_add(ret, " uuid=%s vm-pid=%d trust=%s", uuid, pid, audit_trust_word(AUDIT_TRUST_ROOT));
	if (record_is_container_id(t->s->id))
		record_add(ret, " ctr=%s", t->s->id);
	record_add(ret, " boot=%s vm-start=%llu init-pid=%d init-start=%llu", t->s->boot_id, start, init, init_start);
	if (t->p)
		add_facts(ret, t);
	if (*t->job)
		record_nv(ret, "claimed-detail", t->job, WITNESS_TEXT_SIZE);
	record_add(ret, " exe=\"ranby-runtime\" hostname=? addr=? terminal=? res=success");
}

static int make_uuid(const struct record_root *t, char ret[static AUDIT_UUID_SIZE])
{
	struct audit_run run = {.pid = (uint32_t)t->s->pid, .start_ticks = t->s->start_ticks};
	int r = audit_boot_bits(t->s->boot_id, &run.boot);

	if (r == 0)
		audit_uuid_text(&run, ret);
	return r;
}

/* Elsewhere the numbers that /proc has of processes are not the host's. */
static bool is_in_first_pidns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == FIRST_PID_NS;
}

int record_root_write(const struct record_root *t, struct witness_reply *ret)
{
	_cleanup_(kaudit_state_done) struct kaudit_state k = {0};
	_cleanup_free_ struct record *text = mem_array(1, sizeof(*text));
	_cleanup_free_ struct readback *back = mem_array(1, sizeof(*back));
	int r;

	*ret = (struct witness_reply){.outcome = WITNESS_NOT_HOST};
	if (!is_in_first_pidns())
		return 0;
	ret->outcome = WITNESS_NO_AUDIT;
	r = text && back ? kaudit_state_read(&k) : -ENOMEM;
	if (r < 0)
		return r;
	/* nothing comes back from a kernel that is silent, and to wait for it costs each start its time */
	ret->outcome = WITNESS_SILENT;
	if (k.enabled == 0)
		return 0;
	r = make_uuid(t, ret->receipt.uuid);
	if (r < 0)
		return r;
	record_root_text(t, ret->receipt.uuid, text);
	*back = (struct readback){.fd = -EBADF, .log_fd = -EBADF};
	r = text->cut ? -EMSGSIZE : readback_open(back);
	if (r == 0)
		r = kaudit_send(back->fd, AUDIT_TYPE_VIRT_CONTROL, text->text);
	ret->outcome = r == 0 ? readback_wait(back, AUDIT_TYPE_VIRT_CONTROL, text->text, false, ret) : WITNESS_NO_AUDIT;
	fd_closep(&back->fd);
	fd_closep(&back->log_fd);
	return 0;
}
