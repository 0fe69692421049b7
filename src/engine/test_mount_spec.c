/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/mount_spec.h"
#include "base/buf.h"
#include "base/testing.h"

typedef int (*parser)(const char *, struct mount_spec *, struct err *);

/* What comes out, as one line: kind source destination options and marks. NULL: refused. */
static const struct {
	parser parse;
	const char *text, *want;
} cases[] = {
	{volume_spec_parse, "/a:/b", "bind /a /b "},
	{volume_spec_parse, "./a:/b", "bind ./a /b "},
	{volume_spec_parse, "..:/b", "bind .. /b "},
	{volume_spec_parse, "name:/b", "volume name /b "},
	{volume_spec_parse, "/b", "volume - /b "},
	{volume_spec_parse, "/a:/b:ro", "bind /a /b ro"},
	{volume_spec_parse, "/a:/b:ro,z,U,noexec", "bind /a /b ro,noexec z U"},
	{volume_spec_parse, "/a:/b:O", "bind /a /b  O"},
	{volume_spec_parse, "/a:/b:O,upperdir=/u,workdir=/w", "bind /a /b  O /u /w"},
	{volume_spec_parse, "/a:/b:rslave,bind", "bind /a /b rslave,bind"},
	{volume_spec_parse, "/a:/b:cached", "bind /a /b "},
	{volume_spec_parse, "v:/b:nocopy", "volume v /b  nocopy"},
	{volume_spec_parse, "/a\\:c:/b", "bind /a:c /b "},
	{volume_spec_parse, "/a://b///c/", "bind /a /b/c "},
	{volume_spec_parse, "/a:/b/./c/../d", "bind /a /b/d "},
	{volume_spec_parse, "/a:/../../b", "bind /a /b "},
	{volume_spec_parse, "/a:/b:ro,ro", "bind /a /b ro"},
	{volume_spec_parse, "", NULL},
	{volume_spec_parse, ":", NULL},
	{volume_spec_parse, "/a:", NULL},
	{volume_spec_parse, "/a:b", NULL},
	{volume_spec_parse, ":/b", NULL},
	{volume_spec_parse, "/a:/", NULL},
	{volume_spec_parse, "/a:/b/..", NULL},
	{volume_spec_parse, "/a:/proc", NULL},
	{volume_spec_parse, "/a:/proc/sys", NULL},
	{volume_spec_parse, "/a:/x/../proc/", NULL},
	{volume_spec_parse, "/a:/b:", NULL},
	{volume_spec_parse, "/a:/b:nosuch", NULL},
	{volume_spec_parse, "/a:/b:ro,rw", NULL},
	{volume_spec_parse, "/a:/b:z,Z", NULL},
	{volume_spec_parse, "/a:/b:O,ro", NULL},
	{volume_spec_parse, "/a:/b:upperdir=/u", NULL},
	{volume_spec_parse, "/a:/b:O,upperdir=/u", NULL},
	{volume_spec_parse, "/a:/b:O,upperdir=u,workdir=/w", NULL},
	{volume_spec_parse, "/a:/b:size=1m", NULL},
	{volume_spec_parse, "/a:/b:ro=1", NULL},
	{volume_spec_parse, "/a:/b:idmap", NULL},
	{volume_spec_parse, "/a:/b:rw:ro", NULL},
	{volume_spec_parse, "na/me:/b", NULL},
	{volume_spec_parse, "-x:/b", NULL},
	{volume_spec_parse, "a b:/b", NULL},
	{volume_spec_parse, "/a:/b:nocopy", NULL},

	{tmpfs_spec_parse, "/t", "tmpfs - /t "},
	{tmpfs_spec_parse, "/t:size=64m,mode=1777,noexec", "tmpfs - /t size=67108864,mode=1777,noexec"},
	{tmpfs_spec_parse, "/t:size=50%", "tmpfs - /t size=50%"},
	{tmpfs_spec_parse, "/t:ro,nr_inodes=10k", "tmpfs - /t ro,nr_inodes=10k"},
	{tmpfs_spec_parse, "/t:uid=5,gid=6", "tmpfs - /t uid=5,gid=6"},
	{tmpfs_spec_parse, "t", NULL},
	{tmpfs_spec_parse, "/t:size", NULL},
	{tmpfs_spec_parse, "/t:size=", NULL},
	{tmpfs_spec_parse, "/t:size=101%", NULL},
	{tmpfs_spec_parse, "/t:size=-1", NULL},
	{tmpfs_spec_parse, "/t:mode=9", NULL},
	{tmpfs_spec_parse, "/t:uid=4294967295", NULL},
	{tmpfs_spec_parse, "/t:uid=-1", NULL},
	{tmpfs_spec_parse, "/t:bind", NULL},
	{tmpfs_spec_parse, "/t:tmpcopyup", "tmpfs - /t "},
	{tmpfs_spec_parse, "/t:tmpcopyup,notmpcopyup", NULL},
	{tmpfs_spec_parse, "/t:", NULL},
	{tmpfs_spec_parse, "/", NULL},

	{mount_spec_parse, "type=bind,src=/a,dst=/b", "bind /a /b "},
	{mount_spec_parse, "src=/a,dst=/b,type=bind", "bind /a /b "},
	{mount_spec_parse, "type=bind,source=/a,target=/b,readonly", "bind /a /b ro"},
	{mount_spec_parse, "type=bind,source=/a,destination=/b,ro=false", "bind /a /b rw"},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,ro=true", "bind /a /b ro"},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,bind-propagation=rshared", "bind /a /b rshared"},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,bind-nonrecursive", "bind /a /b bind"},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,relabel=private,U", "bind /a /b  Z U"},
	{mount_spec_parse, "type=bind,\"src=/a,b\",dst=/b", "bind /a,b /b "},
	{mount_spec_parse, "type=bind,\"src=/a\"\"b\",dst=/b", "bind /a\"b /b "},
	{mount_spec_parse, "type=tmpfs,dst=/t,tmpfs-size=1k,tmpfs-mode=700", "tmpfs - /t size=1024,mode=700"},
	{mount_spec_parse, "dst=/b", "volume - /b "},
	{mount_spec_parse, "type=image,src=docker.io/x:1,dst=/b", "image docker.io/x:1 /b "},
	{mount_spec_parse, "type=image,src=x,dst=/b,rw", "image x /b rw"},
	{mount_spec_parse, "type=image,src=x,dst=/b,readwrite=false,subpath=a//b/../c/", "image x /b ro sub /a/c"},
	{mount_spec_parse, "type=volume,src=v,dst=/b,volume-subpath=../../x", "volume v /b  sub /x"},
	{mount_spec_parse, "type=glob,src=/a*,ro", "glob /a* - ro"},
	{mount_spec_parse, "type=glob,src=/a*,dst=/b", "glob /a* /b "},
	{mount_spec_parse, "type=devpts,dst=/b,uid=1,gid=2,mode=600,max=3", "devpts - /b uid=1,gid=2,mode=600,max=3"},
	{mount_spec_parse, "type=ramfs,dst=/b,noexec,mode=700", "ramfs - /b noexec,mode=700"},
	{mount_spec_parse, "type=tmpfs,dst=/b,U", "tmpfs - /b  U"},
	{mount_spec_parse, "type=image,dst=/b", NULL},
	{mount_spec_parse, "type=image,src=x,dst=/b,noexec", NULL},
	{mount_spec_parse, "type=image,src=x,dst=/b,volume-subpath=/a", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,subpath=/a", "bind /a /b  sub /a"},
	{mount_spec_parse, "type=tmpfs,dst=/b,subpath=/a", NULL},
	{mount_spec_parse, "type=volume,src=v,dst=/b,subpath=/a,subpath=/b", NULL},
	{mount_spec_parse, "type=volume,src=v,dst=/b,subpath=/a,O", NULL},
	{mount_spec_parse, "type=volume,src=v,dst=/b,no-dereference", NULL},
	{mount_spec_parse, "type=devpts,src=/a,dst=/b", NULL},
	{mount_spec_parse, "type=devpts,dst=/b,max=1048577", NULL},
	{mount_spec_parse, "type=ramfs,dst=/b,tmpfs-size=1m", NULL},
	{mount_spec_parse, "type=glob,dst=/b", NULL},
	{mount_spec_parse, "type=glob,src=/a*,U", NULL},
	{mount_spec_parse, "type=glob,src=/a*,relabel=shared", NULL},
	{mount_spec_parse, "type=glob,src=/a*,O", NULL},
	{mount_spec_parse, "type=artifact,src=x,dst=/b", NULL},
	{volume_spec_parse, "/a:/b:O,rbind", NULL},
	{mount_spec_parse, "src=v,dst=/b,volume-nocopy", "volume v /b  nocopy"},
	{mount_spec_parse, "type=bind,dst=/b", NULL},
	{mount_spec_parse, "type=bind,src=/a", NULL},
	{mount_spec_parse, "type=tmpfs,src=/a,dst=/b", NULL},
	{mount_spec_parse, "type=,dst=/b", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,ro=maybe", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,relabel=x", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,volume-driver=x", NULL},
	{mount_spec_parse, "type=bind,src=/a,dst=/b,nosuch=1", NULL},
	{mount_spec_parse, "type=bind,\"src=/a,dst=/b", NULL},
	{mount_spec_parse, "type=bind,src=/a\"b,dst=/b", NULL},
	{mount_spec_parse, "\"type=bind\"x,src=/a,dst=/b", NULL},
	{mount_spec_parse, "", NULL},
};

static void show(const struct mount_spec *m, struct buf *out)
{
	static const char *const kinds[] = {"bind", "volume", "tmpfs", "image", "glob", "devpts", "ramfs"};

	buf_addf(out, "%s %s %s ", kinds[m->kind], m->source ? m->source : "-", m->destination ? m->destination : "-");
	for (size_t i = 0; i < m->options.n; i++)
		buf_addf(out, "%s%s", i ? "," : "", m->options.items[i]);
	if (m->relabel)
		buf_addf(out, " %c", m->relabel);
	buf_adds(out, m->chown ? " U" : "");
	buf_adds(out, m->overlay ? " O" : "");
	buf_adds(out, m->no_copy ? " nocopy" : "");
	if (m->upper)
		buf_addf(out, " %s %s", m->upper, m->work);
	if (m->subpath)
		buf_addf(out, " sub %s", m->subpath);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_spec_done) struct mount_spec m = {0};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		struct err e = {0};
		int r = cases[i].parse(cases[i].text, &m, &e);

		if ((r < 0) != (cases[i].want == NULL) || (r < 0) != (e.text[0] != '\0') || (r < 0 && m.destination))
			fail_msg("%s: %d %s", cases[i].text, r, e.text);
		if (r < 0)
			continue;
		show(&m, &got);
		if (strcmp(buf_str(&got), cases[i].want) != 0)
			fail_msg("%s: \"%s\", wanted \"%s\"", cases[i].text, buf_str(&got), cases[i].want);
	}
}

static void test_too_long(void **state)
{
	_cleanup_free_ char *text = malloc(MOUNT_SPEC_MAX + 10);
	struct mount_spec m = {0};

	(void)state;
	memset(text, 'a', MOUNT_SPEC_MAX + 9);
	text[0] = '/';
	text[MOUNT_SPEC_MAX + 9] = '\0';
	assert_int_equal(volume_spec_parse(text, &m, NULL), -E2BIG);
	text[5000] = '\0';
	assert_int_equal(volume_spec_parse(text, &m, NULL), -ENAMETOOLONG);
}

TESTS("engine/mount_spec", cmocka_unit_test(test_cases), cmocka_unit_test(test_too_long))
