/*
 * What stands in the place of pdftotext and its like (WRIT_TEST_TOOLS): a tool that a paper has
 * captured. The paper's line "do WHAT" says what it does; what it finds out it tells as words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static void word(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void page(void)
{
	puts("1\t1\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t###PAGE###");
}

static void word(const char *format, ...)
{
	__builtin_va_list args;

	fputs("5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\t", stdout);
	__builtin_va_start(args, format);
	vprintf(format, args);
	__builtin_va_end(args);
	putchar('\n');
}

static void tell_errno(const char *what, long result)
{
	word("%s=%s", what, result < 0 ? strerrorname_np(errno) : "done");
}

static void limits(void)
{
	static const struct {
		const char *name;
		int what;
	} all[] = { { "core", RLIMIT_CORE }, { "nproc", RLIMIT_NPROC }, { "nofile", RLIMIT_NOFILE },
		    { "fsize", RLIMIT_FSIZE }, { "as", RLIMIT_AS }, { "cpu", RLIMIT_CPU } };
	struct rlimit l;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (getrlimit(all[i].what, &l) == 0)
			word("%s=%lu", all[i].name, (unsigned long)l.rlim_cur);
}

static void look_round(void)
{
	static char self[] = "x";
	char *argv[] = { self, NULL };

	for (char **e = environ; *e; e++)
		word("%s", *e);
	for (int fd = 0; fd < 300; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			word("fd=%d", fd);
	tell_errno("passwd", open("/etc/passwd", O_RDONLY));
	tell_errno("root", open("/", O_RDONLY | O_DIRECTORY));
	tell_errno("proc", open("/proc/self/status", O_RDONLY));
	tell_errno("write", open("/dev/null", O_WRONLY));
	tell_errno("made", mkdir("/tmp/writ-look-test", 0700));
	tell_errno("again", syscall(SYS_execveat, 200, "", argv, environ, AT_EMPTY_PATH));
}

static void endless(void)
{
	static char much[65536];

	for (;;)
		if (write(1, much, sizeof much) < 0)
			_exit(0);       /* it does not tell that it was cut */
}

static void hog(void)
{
	size_t mib = 0;

	for (char *p; (p = malloc((size_t)1 << 20)); mib++)
		memset(p, 1, 4096);
	page();
	word("mib=%zu", mib);
}

static void do_it(const char *what)
{
	volatile unsigned spin = 1;
	static char shell[] = "sh";
	char *argv[] = { shell, NULL };

	if (!strcmp(what, "limits"))
		page(), limits();
	else if (!strcmp(what, "look"))
		page(), look_round();
	else if (!strcmp(what, "endless"))
		endless();
	else if (!strcmp(what, "hog"))
		hog();
	else if (!strcmp(what, "spin"))
		while (spin)
			spin |= 1;
	else if (!strcmp(what, "sleep"))
		syscall(SYS_futex, &spin, 0, 1, NULL, NULL, 0);
	else if (!strcmp(what, "fork"))
		fork();
	else if (!strcmp(what, "exec"))
		execve("/bin/sh", argv, environ);
	else if (!strcmp(what, "socket"))
		syscall(SYS_socket, 1, 1, 0);
	else if (!strcmp(what, "abort"))
		abort();
	else if (!strcmp(what, "status"))
		exit(3);
	else
		word("homeless");
}

int main(void)
{
	static char paper[1 << 16];
	char *at, *end;
	size_t n = fread(paper, 1, sizeof paper - 1, stdin);

	paper[n] = '\0';
	at = strstr(paper, "do ");
	if (!at)
		return 4;
	end = strchr(at, '\n');
	if (end)
		*end = '\0';
	do_it(at + 3);
	fflush(stdout);
	_exit(0);
}
