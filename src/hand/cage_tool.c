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
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
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

static enum err limit(struct ctx *c, __rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit now, to = { .rlim_cur = soft, .rlim_max = hard };

	if (getrlimit(what, &now) != 0)
		FAIL(c, ERR_FAILED, "cannot read a limit: %s", strerror(errno));
	if (now.rlim_max < to.rlim_max)         /* never widens what it was started with */
		to.rlim_max = now.rlim_max;
	if (to.rlim_max < to.rlim_cur)
		to.rlim_cur = to.rlim_max;
	if (setrlimit(what, &to) != 0)
		FAIL(c, ERR_FAILED, "cannot set a limit: %s", strerror(errno));
	return ERR_OK;
}

static enum err set_limits(struct ctx *c, const struct tool_run *run)
{
	uint64_t cpu_s = run->cpu_s;
	struct rlimit now;

	if (getrlimit(RLIMIT_CPU, &now) == 0 && now.rlim_max <= cpu_s)
		cpu_s = now.rlim_max > 1 ? now.rlim_max - 1 : 1;
	TRY(limit(c, RLIMIT_CORE, 0, 0));
	TRY(limit(c, RLIMIT_NPROC, 0, 0));
	TRY(limit(c, RLIMIT_NOFILE, TOOL_FDS, TOOL_FDS));
	TRY(limit(c, RLIMIT_FSIZE, run->out_max_bytes, run->out_max_bytes));
	TRY(limit(c, RLIMIT_AS, MEMORY_MAX, MEMORY_MAX));
	/* SIGXCPU first, by which the parent knows what it was. */
	return limit(c, RLIMIT_CPU, cpu_s, cpu_s + 1);
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

struct filter {
	struct ctx *c;
	scmp_filter_ctx rules;
};

static void filter_close(struct filter *f)
{
	if (f->rules)
		seccomp_release(f->rules);
}

static enum err taken(struct ctx *c, int rc)
{
	if (rc != 0)
		FAIL(c, ERR_FAILED, "seccomp does not take our rules: %s", strerror(-rc));
	return ERR_OK;
}

#define RULE(f, action, call, ...)                                                                 \
	taken((f)->c,                                                                              \
	      seccomp_rule_add_array((f)->rules, action, SCMP_SYS(call),                           \
				     COUNT_OF(((const struct scmp_arg_cmp[]){ __VA_ARGS__ })),     \
				     (const struct scmp_arg_cmp[]){ __VA_ARGS__ }))
#define ALLOW_IF(f, call, ...) RULE(f, SCMP_ACT_ALLOW, call, __VA_ARGS__)
#define A0_IS(x) SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)(x))
#define A1_IS(x) SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)(x))

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
		TRY(RULE(f, SCMP_ACT_ERRNO(EACCES), openat,
			 SCMP_A2(SCMP_CMP_MASKED_EQ, writing[i], writing[i])));
	}
	TRY(ALLOW_IF(f, openat, SCMP_A2(SCMP_CMP_MASKED_EQ, any, 0)));
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		TRY(taken(f->c, seccomp_rule_add(f->rules, SCMP_ACT_ERRNO(EPERM), refused[i], 0)));
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		TRY(ALLOW_IF(f, write, A0_IS(fd)));
		TRY(ALLOW_IF(f, writev, A0_IS(fd)));
	}
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_GETFD)));
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_SETFD)));
	TRY(ALLOW_IF(f, fcntl, A1_IS(F_GETFL)));
	/* "Is that a terminal?" It is none. */
	return RULE(f, SCMP_ACT_ERRNO(ENOTTY), ioctl, A1_IS(TCGETS));
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
	__attribute__((cleanup(
		filter_close))) struct filter f = { c, seccomp_init(SCMP_ACT_KILL_PROCESS) };

	if (!f.rules)
		FAIL(c, ERR_FAILED, "seccomp is not to be had");
	TRY(taken(c, seccomp_attr_set(f.rules, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)));
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		TRY(taken(c, seccomp_rule_add(f.rules, SCMP_ACT_ALLOW, allowed[i], 0)));
	TRY(allow_memory(&f));
	TRY(allow_files(&f));
	TRY(allow_self(&f));
	return taken(c, seccomp_load(f.rules));
}

enum err cage_tool_close(struct ctx *c, const struct tool_run *run, int tool)
{
	TRY(close_landlock(c, tool));
	TRY(set_limits(c, run));
	return close_seccomp(c);
}
#endif
