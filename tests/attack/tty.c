/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tty - pushes bytes into the terminal's input (CVE-2017-5226, CVE-2019-10063):
 * TIOCSTI and TIOCLINUX, as they are and with high bits that a 64-bit
 * comparison would take for another number. Prints "NAME refused|open".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	static const struct {
		const char *name;
		unsigned long request;
	} tries[] = {
		{"TIOCSTI", 0x5412},
		{"TIOCSTI-high", 0xdeadbeef00005412},
		{"TIOCSTI-sign", 0xffffffff00005412},
		{"TIOCLINUX", 0x541c},
		{"TIOCLINUX-high", 0x100000000000541c},
	};
	static char text[] = "\x03pwned\n";
	int fd = open("/dev/tty", O_RDWR);

	if (fd < 0)
		fd = 0;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		long r = syscall(SYS_ioctl, fd, tries[i].request, text + 1);
		int e = r < 0 ? errno : 0;

		printf("%s %s %d\n", tries[i].name, r < 0 && (e == EPERM || e == ENOSYS) ? "refused" : "open", e);
	}
	printf("TIOCGWINSZ %s\n", ioctl(fd, TIOCGWINSZ, (char[8]){0}) == 0 || errno == ENOTTY ? "works" : "broken");
	return 0;
}
