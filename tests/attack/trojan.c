/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trojan - says that it was loaded or run, in a file of the host. Built as a library and as a program. */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void run(void)
{
	int fd = open(MARK, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd >= 0) {
		(void)!write(fd, "loaded\n", 7);
		close(fd);
	}
}

int main(void)
{
	return 0;
}
