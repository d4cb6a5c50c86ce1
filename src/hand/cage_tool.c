/*
 * Closing the cage of a tool; see cage_tool.h. The list holds what poppler and tesseract were seen
 * to call; every call is killed that is not named.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/cage_tool.h"

#ifdef WRIT_SANITIZED
/* A sanitizer's own calls do not fit a cage. */
enum err cage_tool_close(struct ctx *c, const struct tool_run *run, int tool)
{
	(void)c;
	(void)run;
	(void)tool;
	return ERR_OK;
}
#else

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "hand/cage_filter.h"
#include "hand/cage_landlock.h"

#define MIB (UINT64_C(1) << 20)
#define MEMORY_MAX (1536 * MIB)

/* What a tool needs of this machine's files, where it is there. The first holds the loader and the
 * libraries, and is the only one beneath which anything can be executed. */
static const char *const folders[] = {
	"/usr/lib", "/etc/ld.so.cache", "/etc/fonts", "/usr/share/fonts", "/usr/share/fontconfig",
	"/var/cache/fontconfig", "/usr/share/poppler", "/usr/share/tesseract-ocr",
	"/usr/share/locale", "/etc/localtime", "/usr/share/zoneinfo",
};

static enum err set_limits(struct ctx *c, const struct tool_run *run)
{
	uint64_t cpu_s = run->cpu_s;
	struct rlimit now;

	if (getrlimit(RLIMIT_CPU, &now) == 0 && now.rlim_max <= cpu_s)
		cpu_s = now.rlim_max > 1 ? now.rlim_max - 1 : 1;
	TRY(limit_set(c, RLIMIT_CORE, 0, 0));
	TRY(limit_set(c, RLIMIT_NPROC, 0, 0));
	TRY(limit_set(c, RLIMIT_NOFILE, TOOL_FDS, TOOL_FDS));
	TRY(limit_set(c, RLIMIT_FSIZE, run->out_max_bytes, run->out_max_bytes));
	TRY(limit_set(c, RLIMIT_AS, MEMORY_MAX, MEMORY_MAX));
	/* SIGXCPU first, by which the parent knows what it was. */
	return limit_set(c, RLIMIT_CPU, cpu_s, cpu_s + 1);
}

static enum err close_landlock(struct ctx *c, int tool)
{
	struct landlock_place places[COUNT_OF(folders) + 1] = { { tool, true } };
	int level = landlock_level();
	size_t n = 1;
	enum err e;

	if (level == 0) {
		err_next(c, "switch Landlock on (kernel 5.13 or later, lsm=landlock,...)");
		FAIL(c, ERR_DENIED, "this kernel has no Landlock: a tool that reads papers could "
				    "see any file");
	}
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		int fd = open(folders[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			places[n++] = (struct landlock_place){ fd, i == 0 };
	}
	e = landlock_close_places(c, level, places, n);
	for (size_t i = 1; i < n; i++)
		close(places[i].fd);
	return e;
}

/* ---- seccomp ---- */

static const int allowed[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	/* reading what Landlock lets it open */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(fadvise64),
	SCMP_SYS(getcwd),
	/* the start and the end of a process as glibc makes them */
	SCMP_SYS(arch_prctl),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
	/* clock, chance, and the size of the machine */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
};

/* fontconfig tries to bring its cache up to date, and goes on where it may not. */
static const int refused[] = {
	SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(link), SCMP_SYS(utimensat),
};
static const unsigned writing[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE & ~O_DIRECTORY };

/* Code comes from files alone, and memory that can be written never becomes code. */
static enum err allow_memory(struct filter *f)
{
	TRY(ALLOW_IF(f, mmap, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	TRY(ALLOW_IF(f, mmap, SCMP_A2(SCMP_CMP_EQ, PROT_READ | PROT_EXEC),
		     SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0)));
	TRY(ALLOW_IF(f, madvise, SCMP_A2(SCMP_CMP_EQ, MADV_DONTNEED)));
	return ALLOW_IF(f, mprotect, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static enum err allow_files(struct filter *f)
{
	unsigned any = 0;

	for (size_t i = 0; i < COUNT_OF(writing); i++) {
		any |= writing[i];
		TRY(RULE_IF(f, SCMP_ACT_ERRNO(EACCES), openat,
			 SCMP_A2(SCMP_CMP_MASKED_EQ, writing[i], writing[i])));
	}
	TRY(ALLOW_IF(f, openat, SCMP_A2(SCMP_CMP_MASKED_EQ, any, 0)));
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		TRY(filter_rule(f, SCMP_ACT_ERRNO(EPERM), refused[i]));
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		TRY(ALLOW_IF(f, write, A0_IS(fd)));
		TRY(ALLOW_IF(f, writev, A0_IS(fd)));
	}
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_GETFD)));
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_SETFD)));
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_GETFL)));
	/* "Is that a terminal?" It is none. */
	return RULE_IF(f, SCMP_ACT_ERRNO(ENOTTY), ioctl, A1_IS(TCGETS));
}

/* A limit may be read; abort() reaches the process itself, whose number exec does not change. */
static enum err allow_self(struct filter *f)
{
	TRY(ALLOW_IF(f, prlimit64, A0_IS(0), SCMP_A2(SCMP_CMP_EQ, 0)));
	TRY(ALLOW_IF(f, tgkill, A0_IS(getpid()), A1_IS(gettid())));
	return ALLOW_IF(f, execveat, A0_IS(TOOL_FD), SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH));
}

static enum err close_seccomp(struct ctx *c)
{
	FILTER_SCOPED f = { 0 };

	TRY(filter_open(c, &f));
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		TRY(filter_rule(&f, SCMP_ACT_ALLOW, allowed[i]));
	TRY(allow_memory(&f));
	TRY(allow_files(&f));
	TRY(allow_self(&f));
	return filter_load(&f);
}

enum err cage_tool_close(struct ctx *c, const struct tool_run *run, int tool)
{
	TRY(close_landlock(c, tool));
	TRY(set_limits(c, run));
	return close_seccomp(c);
}
#endif
