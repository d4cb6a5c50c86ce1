/*
 * Closing the cage; see cage.h. The lists below hold what glibc, libcrypto and our own code were
 * seen to need (test/cage shows that nothing else passes); every call is killed that is not named.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "hand/cage_filter.h"
#include "hand/cage_landlock.h"

#define MIB (UINT64_C(1) << 20)
#define HOUR_S UINT64_C(3600)

enum err cage_prepare(struct ctx *c, int keep)
{
	FD_SCOPED int null = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		FAIL(c, ERR_FAILED, "cannot give up rights: %s", strerror(errno));
	if (close_range((unsigned)keep + 1, ~0u, 0) != 0)
		FAIL(c, ERR_FAILED, "cannot close inherited files: %s", strerror(errno));
	TRY(file_open(c, "/dev/null", O_RDWR, 0, &null));
	for (int fd = 0; fd < 3; fd++)
		if (fd < 2 || fcntl(fd, F_GETFD) < 0)
			if (dup2(null, fd) != fd)
				FAIL(c, ERR_FAILED, "cannot put /dev/null in place: %s",
				     strerror(errno));
	if (null < 3)
		null = -1;
	/* In test builds the seam reads its variables now; then nothing of the caller's is left. */
	c->seam->now_ms();
	clearenv();
	signal(SIGXFSZ, SIG_IGN);
	return ERR_OK;
}

#ifdef WRIT_SANITIZED
/* A sanitizer's own calls (its shadow memory, its leak search by ptrace) do not fit a cage. */
enum err cage_close(struct ctx *c, const struct cage *plan, struct cage_told *told)
{
	if (plan->threads)
		TRY(plan->threads(c, plan->of));
	*told = (struct cage_told){ .closed = true };
	return ERR_OK;
}
#else

#define STORES (CAGE_COUNT | CAGE_FETCH)
#define SMALL (CAGE_READ | CAGE_SEND | CAGE_DRAW | CAGE_TOUCH)
#define EVERY (STORES | SMALL)

/* ---- limits ---- */

static const struct limit {
	unsigned profiles;
	__rlimit_resource_t what;
	uint64_t most;
} limits[] = {
	{ EVERY, RLIMIT_CORE, 0 },
	{ EVERY & ~CAGE_DRAW, RLIMIT_NPROC, 0 }, /* it counts threads, too */
	{ CAGE_READ, RLIMIT_NOFILE, 0 },
	/* read, draw: the result; count, send: no file but stderr, and a long answer in memory */
	{ SMALL | CAGE_COUNT, RLIMIT_FSIZE, 64 * MIB },
	{ SMALL, RLIMIT_AS, 2048 * MIB },
	{ SMALL, RLIMIT_CPU, 60 },
	{ STORES, RLIMIT_AS, 64 * 1024 * MIB },
	{ STORES, RLIMIT_CPU, 48 * HOUR_S },
};

static enum err set_limits(struct ctx *c, enum cage_profile profile)
{
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		if (!(limits[i].profiles & profile))
			continue;
		TRY(limit_set(c, limits[i].what, limits[i].most, limits[i].most));
	}
	return ERR_OK;
}

/* ---- seccomp ---- */

/* Allowed whatever the arguments are. */
static const struct {
	unsigned profiles;
	int call;
} allowed[] = {
	/* memory and the end */
	{ EVERY, SCMP_SYS(brk) },
	{ EVERY, SCMP_SYS(munmap) },
	{ EVERY, SCMP_SYS(mremap) },
	{ EVERY, SCMP_SYS(close) },
	{ EVERY, SCMP_SYS(exit_group) },
	/* the stores, below descriptors that are open; looking and reading change nothing */
	{ STORES | CAGE_DRAW, SCMP_SYS(read) },
	{ STORES, SCMP_SYS(pread64) },
	{ STORES, SCMP_SYS(lseek) },
	{ STORES | CAGE_DRAW, SCMP_SYS(fstat) },
	{ STORES | CAGE_DRAW, SCMP_SYS(newfstatat) },
	{ STORES, SCMP_SYS(getdents64) },
	{ STORES, SCMP_SYS(fadvise64) },
	{ STORES | CAGE_SEND | CAGE_DRAW | CAGE_TOUCH,
	  SCMP_SYS(futex) }, /* locks of libcrypto, of pango */
	{ STORES | CAGE_SEND | CAGE_DRAW | CAGE_TOUCH,
	  SCMP_SYS(clock_gettime) }, /* where the vDSO has no clock */
	/* a long answer travels as a file in memory; nothing else can be opened for writing */
	{ STORES, SCMP_SYS(write) },
	{ STORES, SCMP_SYS(memfd_create) },
	/* the vault file, its key, the seal's answer */
	{ CAGE_FETCH, SCMP_SYS(fsync) },
	{ CAGE_FETCH | CAGE_SEND | CAGE_TOUCH, SCMP_SYS(getrandom) },
	{ CAGE_SEND | CAGE_TOUCH, SCMP_SYS(getpid) }, /* libcrypto asks whether it was forked */
	{ CAGE_FETCH | CAGE_SEND, SCMP_SYS(poll) },
	{ CAGE_FETCH | CAGE_SEND | CAGE_TOUCH, SCMP_SYS(restart_syscall) },
	{ CAGE_TOUCH, SCMP_SYS(ppoll) },
	{ CAGE_TOUCH, SCMP_SYS(rt_sigreturn) }, /* who signs may stop it */
	/* the end of a thread, as glibc ends it; a fetch can start none */
	{ CAGE_FETCH | CAGE_DRAW, SCMP_SYS(rt_sigprocmask) },
	{ CAGE_FETCH | CAGE_DRAW, SCMP_SYS(exit) },
	{ CAGE_DRAW, SCMP_SYS(rseq) },
	{ CAGE_DRAW, SCMP_SYS(set_robust_list) },
	/* who they are, for a profiler's marks: glib and pango since Debian 13 */
	{ CAGE_DRAW, SCMP_SYS(getpid) },
	{ CAGE_DRAW, SCMP_SYS(gettid) },
	{ CAGE_DRAW, SCMP_SYS(access) }, /* whether a font is there */
	{ CAGE_DRAW, SCMP_SYS(sysinfo) }, /* glibc asks once before it sorts */
};

/* The one option that libcurl sets in the cage, by the kernel's numbers (linux/in.h, tcp.h). */
#define TCP_LEVEL 6
#define NO_DELAY 1
/* What glibc does to start a thread: the flags, and a signal of its own. */
#define GLIBC_THREAD                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define GLIBC_SETXID 33
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define FD_IS A0_IS

/* New memory is anonymous and can never be executed. */
static enum err allow_memory(struct filter *f)
{
	return ALLOW_IF(f, mmap, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
			SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
}

static enum err allow_stores(struct filter *f)
{
	TRY(ALLOW_IF(f, openat, SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY)));
	return ALLOW_IF(f, fcntl, SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS));
}

/* A font is opened and mapped when the first letter of it is drawn, beneath its folders. pango has
 * fontconfig choose it in a thread; clone3 hides its flags from a filter, so glibc is told that
 * this kernel has none, and shows them to clone. */
static enum err allow_draw(struct filter *f)
{
	TRY(filter_rule(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3)));
	TRY(ALLOW_IF(f, clone, SCMP_A0(SCMP_CMP_EQ, GLIBC_THREAD)));
	TRY(ALLOW_IF(f, mprotect, SCMP_A2(SCMP_CMP_EQ, PROT_READ | PROT_WRITE)));
	TRY(ALLOW_IF(f, madvise, SCMP_A2(SCMP_CMP_EQ, MADV_DONTNEED)));
	TRY(ALLOW_IF(f, prctl, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)));
	TRY(ALLOW_IF(f, rt_sigaction, SCMP_A0(SCMP_CMP_EQ, GLIBC_SETXID)));
	TRY(ALLOW_IF(f, openat, SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY)));
	TRY(ALLOW_IF(f, fcntl, SCMP_A1(SCMP_CMP_EQ, F_SETFD)));
	return ALLOW_IF(f, mmap, SCMP_A2(SCMP_CMP_EQ, PROT_READ),
			SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_TYPE, MAP_PRIVATE));
}

static enum err allow_fetch(struct filter *f, const struct cage *plan)
{
	TRY(ALLOW_IF(f, madvise, SCMP_A2(SCMP_CMP_EQ, MADV_DONTNEED))); /* a thread's stack */
	TRY(ALLOW_IF(f, fallocate, FD_IS(plan->out)));
	TRY(ALLOW_IF(f, ftruncate, FD_IS(plan->out)));
	TRY(ALLOW_IF(f, sendmsg, FD_IS(plan->seal)));
	return ALLOW_IF(f, recvmsg, FD_IS(plan->seal));
}

/* The one socket: what libcurl does with it. No call makes another, none connects this one anew:
 * libcurl 7.88 calls connect on a socket of which it was told that it is connected; it hears what
 * it would hear of a connection under way, and the kernel does nothing. */
static enum err allow_send(struct filter *f, const struct cage *plan)
{
	int sock = plan->in;

	TRY(RULE_IF(f, SCMP_ACT_ERRNO(EINPROGRESS), connect, FD_IS(sock)));
	TRY(ALLOW_IF(f, sendto, FD_IS(sock), SCMP_A4(SCMP_CMP_EQ, 0)));
	TRY(ALLOW_IF(f, recvfrom, FD_IS(sock)));
	TRY(ALLOW_IF(f, getsockopt, FD_IS(sock)));
	TRY(ALLOW_IF(f, setsockopt, FD_IS(sock), SCMP_A1(SCMP_CMP_EQ, TCP_LEVEL),
		     SCMP_A2(SCMP_CMP_EQ, NO_DELAY)));
	TRY(ALLOW_IF(f, getpeername, FD_IS(sock)));
	TRY(ALLOW_IF(f, getsockname, FD_IS(sock)));
	TRY(ALLOW_IF(f, fcntl, FD_IS(sock), SCMP_A1(SCMP_CMP_EQ, F_GETFL)));
	return ALLOW_IF(f, fcntl, FD_IS(sock), SCMP_A1(SCMP_CMP_EQ, F_SETFL));
}

static enum err allow_touch(struct filter *f, const struct cage *plan)
{
	int terminal = plan->in;

	for (size_t i = 0; i < plan->keys_count; i++) {
		TRY(ALLOW_IF(f, read, FD_IS(plan->keys[i])));
		TRY(ALLOW_IF(f, write, FD_IS(plan->keys[i])));
	}
	if (terminal < 0)
		return ERR_OK;
	TRY(ALLOW_IF(f, read, FD_IS(terminal)));
	TRY(ALLOW_IF(f, write, FD_IS(terminal)));
	/* Its echo: glibc's tcgetattr and tcsetattr with TCSAFLUSH. */
	TRY(ALLOW_IF(f, ioctl, FD_IS(terminal), SCMP_A1(SCMP_CMP_EQ, TCGETS)));
	return ALLOW_IF(f, ioctl, FD_IS(terminal), SCMP_A1(SCMP_CMP_EQ, TCSETSF));
}

static enum err fill(struct filter *f, const struct cage *plan)
{
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		if (allowed[i].profiles & plan->profile)
			TRY(filter_rule(f, SCMP_ACT_ALLOW, allowed[i].call));
	TRY(allow_memory(f));
	TRY(ALLOW_IF(f, sendmsg, FD_IS(plan->answer)));
	if (plan->profile & SMALL)
		TRY(ALLOW_IF(f, write, FD_IS(STDERR_FILENO)));
	if (plan->profile & (CAGE_READ | CAGE_DRAW))
		TRY(ALLOW_IF(f, write, FD_IS(plan->out)));
	if (plan->profile == CAGE_READ)
		return ALLOW_IF(f, read, FD_IS(plan->in));
	if (plan->profile == CAGE_SEND)
		return allow_send(f, plan);
	if (plan->profile == CAGE_DRAW)
		return allow_draw(f);
	if (plan->profile == CAGE_TOUCH)
		return allow_touch(f, plan);
	TRY(allow_stores(f));
	return plan->profile == CAGE_FETCH ? allow_fetch(f, plan) : ERR_OK;
}

static enum err close_seccomp(struct ctx *c, const struct cage *plan)
{
	FILTER_SCOPED f = { 0 };

	TRY(filter_open(c, &f));
	TRY(fill(&f, plan));
	return filter_load(&f);
}

enum err cage_close(struct ctx *c, const struct cage *plan, struct cage_told *told)
{
	int level = landlock_level();

	if (level == 0 && (plan->profile & STORES) && !plan->landlock_may_lack) {
		err_next(c,
			 "switch Landlock on (kernel 5.13 or later, lsm=landlock,...), or accept "
			 "it for this home: 'accept_no_landlock: yes' in stores.yaml");
		FAIL(c, ERR_DENIED, "this kernel has no Landlock: a hand that reads mail could see "
				    "more than its stores");
	}
	if (level > 0)
		TRY(landlock_close(c, level, plan->below, plan->below_count));
	if (plan->threads)
		TRY(plan->threads(c, plan->of));
	TRY(set_limits(c, plan->profile));
	TRY(close_seccomp(c, plan));
	*told = (struct cage_told){ .closed = true, .seccomp = true, .landlock_abi = level };
	return ERR_OK;
}
#endif
