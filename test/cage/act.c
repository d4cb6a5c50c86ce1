/*
 * A prisoner: preloaded into the untouched release executable, it waits until the cage has closed
 * (seccomp_load has returned) and at the next write() tries one forbidden act, which its
 * constructor took from CAGE_ACT before the hand cleared its environment. It reports on stderr
 * what came of it; a kill by SIGSYS reports itself. With CAGE_WHEN=before it acts before the cage
 * closes, which shows that the act is real; with CAGE_WHEN=thread at the next write() of a thread
 * that is not the first; with CAGE_WHEN=option when an option of a socket is set, on that socket;
 * with CAGE_WHEN=tool in the child that is about to become a tool, in the cage that the tool will
 * have. CAGE_KEY is a device that libfido2 finds plugged in, beside what this machine has.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	char act[64], home[512], store[512], mail[512], other[512], key[512];
	int before, thread, option, tool, child, loaded, done, sock, heard;
	pid_t parent;
	pthread_t first;
} me = { .sock = 3 };

/* All acts are bare system calls: what libc would do around them is not the question. */
static long open_at(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

static char *beside(const char *dir, const char *name)
{
	static char path[1100];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static long open_passwd(void) { return open_at("/etc/passwd", O_RDONLY); }
static long open_root(void) { return open_at("/", O_RDONLY | O_DIRECTORY); }
static long open_stores_yaml(void) { return open_at(beside(me.home, "stores.yaml"), O_RDONLY); }
static long open_other_account(void) { return open_at(me.other, O_RDONLY); }
static long open_other_by_dots(void)
{
	return open_at(beside(me.store, "../../other/Maildir/cur"), O_RDONLY | O_DIRECTORY);
}
static long open_self_mem(void) { return open_at("/proc/self/mem", O_RDWR); }
static long open_self_environ(void) { return open_at("/proc/self/environ", O_RDONLY); }
static long open_self_exe(void) { return open_at("/proc/self/exe", O_RDONLY); }
static long open_dev_null(void) { return open_at("/dev/null", O_WRONLY); }
static long open_by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY };

	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof how);
}
static long open_by_open(void) { return syscall(SYS_open, "/etc/passwd", O_RDONLY, 0); }
static long open_by_handle(void)
{
	struct file_handle handle = { .handle_bytes = 0 };

	return syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY);
}
static long create_in_home(void) { return open_at(beside(me.home, "new"), O_WRONLY | O_CREAT); }
static long create_in_tmp(void)
{
	return open_at("/tmp/writ-cage-test", O_WRONLY | O_CREAT | O_TRUNC);
}
static long create_in_store(void) { return open_at(beside(me.store, "cur/new"), O_RDWR | O_CREAT); }
static long create_by_creat(void) { return syscall(SYS_creat, beside(me.home, "new"), 0600); }
static long create_unnamed(void) { return open_at(me.store, O_RDWR | O_TMPFILE); }
static long create_read_only(void)
{
	return open_at(beside(me.store, "cur/new"), O_RDONLY | O_CREAT);
}
static long write_mail(void) { return open_at(me.mail, O_WRONLY); }
static long append_mail(void) { return open_at(me.mail, O_RDWR | O_APPEND); }
static long truncate_by_open(void) { return open_at(me.mail, O_RDONLY | O_TRUNC); }
static long truncate_mail(void) { return syscall(SYS_truncate, me.mail, 0L); }
static long unlink_mail(void) { return syscall(SYS_unlinkat, AT_FDCWD, me.mail, 0); }
static long rename_mail(void) { return syscall(SYS_rename, me.mail, beside(me.store, "gone")); }
static long rename_mail_2(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, me.mail, AT_FDCWD, beside(me.store, "gone"), 0);
}
static long link_mail(void) { return syscall(SYS_link, me.mail, beside(me.store, "second")); }
static long symlink_made(void)
{
	return syscall(SYS_symlink, "/etc/passwd", beside(me.store, "way"));
}
static long mkdir_made(void) { return syscall(SYS_mkdir, beside(me.store, "dir"), 0700); }
static long mknod_made(void)
{
	return syscall(SYS_mknod, beside(me.store, "pipe"), S_IFIFO | 0600, 0);
}
static long chmod_mail(void) { return syscall(SYS_chmod, me.mail, 0666); }
static long chown_mail(void) { return syscall(SYS_chown, me.mail, 0, 0); }
static long utime_mail(void) { return syscall(SYS_utimensat, AT_FDCWD, me.mail, NULL, 0); }
static long setxattr_mail(void) { return syscall(SYS_setxattr, me.mail, "user.x", "y", 1L, 0); }
static long chdir_root(void) { return syscall(SYS_chdir, "/"); }
static long chroot_home(void) { return syscall(SYS_chroot, me.home); }
static long mount_tmpfs(void) { return syscall(SYS_mount, "none", me.store, "tmpfs", 0L, NULL); }
static long socket_inet(void) { return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }
static long socket_inet6(void) { return syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0); }
static long socket_unix(void) { return syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET, 0); }
static long socket_pair(void)
{
	int fd[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET, 0, fd);
}
static long connect_out(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	return fd < 0 ? fd : syscall(SYS_connect, fd, &to, sizeof to);
}
static long connect_on_connection(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };

	return syscall(SYS_connect, 3, &to, sizeof to);
}
static long recv_second_job(void)
{
	char text[16];
	struct iovec iov = { text, sizeof text };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return syscall(SYS_recvmsg, 3, &msg, MSG_DONTWAIT);
}
static long read_second_job(void)
{
	char text[16];

	return syscall(SYS_readv, 3, &(struct iovec){ text, sizeof text }, 1L);
}
static char true_name[] = "true";
static long exec_true(void)
{
	static char *const argv[] = { true_name, NULL };

	return syscall(SYS_execve, "/bin/true", argv, NULL);
}
static long exec_at(void)
{
	static char *const argv[] = { true_name, NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0);
}
static long ended_if_child(long pid)
{
	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return pid;
}
static long fork_made(void) { return ended_if_child(syscall(SYS_fork)); }
static long clone_made(void) { return ended_if_child(syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L)); }
static long clone3_made(void)
{
	struct {
		unsigned long long flags, a, b, c, exit_signal, d, e, f;
	} how = { .exit_signal = SIGCHLD };

	return ended_if_child(syscall(SYS_clone3, &how, sizeof how));
}
static long clone_new_user(void)
{
	return ended_if_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0L, 0L, 0L, 0L));
}
static long unshare_net(void) { return syscall(SYS_unshare, CLONE_NEWNS); }
static long ptrace_me(void) { return syscall(SYS_ptrace, PTRACE_TRACEME, 0L, 0L, 0L); }
static long ptrace_parent(void) { return syscall(SYS_ptrace, PTRACE_SEIZE, me.parent, 0L, 0L); }
static long kill_parent(void) { return syscall(SYS_kill, me.parent, 0); }
static long tgkill_parent(void) { return syscall(SYS_tgkill, me.parent, me.parent, 0); }
static long pidfd_parent(void) { return syscall(SYS_pidfd_open, me.parent, 0); }
static long read_parent(void)
{
	char here[8];
	struct iovec to = { here, sizeof here }, from = { &me, sizeof here };

	return syscall(SYS_process_vm_readv, me.parent, &to, 1L, &from, 1L, 0L);
}
static long set_uid(void) { return syscall(SYS_setuid, 0); }
static long set_groups(void) { return syscall(SYS_setgroups, 0, NULL); }
static long make_dumpable(void) { return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long rename_self(void) { return syscall(SYS_prctl, PR_SET_NAME, "other", 0, 0, 0); }
static long widen_limit(void)
{
	struct rlimit limit = { 0, 0 };

	return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
}
static long mapped(long at) { return at < 0 && at > -4096 ? -1 : 0; }
static long map_exec(void)
{
	return mapped(syscall(SYS_mmap, NULL, 4096L, PROT_READ | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L));
}
static long map_file(void)
{
	return mapped(syscall(SYS_mmap, NULL, 4096L, PROT_READ, MAP_SHARED, 4, 0L));
}
static char page[8192] __attribute__((aligned(4096)));
static long protect_exec(void) { return syscall(SYS_mprotect, page, 4096L, PROT_READ | PROT_EXEC); }
static long io_uring(void)
{
	char params[256] = { 0 };

	return syscall(SYS_io_uring_setup, 4, params);
}
static long io_setup(void)
{
	unsigned long ctx = 0;

	return syscall(SYS_io_setup, 1, &ctx);
}
static long bpf_map(void)
{
	unsigned attr[32] = { 2, 4, 4, 1 };     /* an array map */

	return syscall(SYS_bpf, 0, attr, sizeof attr);
}
static long user_fault(void) { return syscall(SYS_userfaultfd, O_CLOEXEC); }
static long perf_event(void)
{
	unsigned attr[32] = { 1, 128 };

	return syscall(SYS_perf_event_open, attr, 0, -1, -1, 0L);
}
static long key_ring(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 1); }
static long add_key(void) { return syscall(SYS_add_key, "user", "writ", "x", 1L, -2); }
static long shared_memory(void) { return syscall(SYS_shmget, 0, 4096L, 0600); }
static long terminal_input(void) { return syscall(SYS_ioctl, 2, TIOCSTI, "x"); }
/* The hand with a security key has that at 4 and its terminal at 5. */
static long type_on_terminal(void) { return syscall(SYS_ioctl, 5, TIOCSTI, "x"); }
static long take_terminal(void) { return syscall(SYS_ioctl, 5, TIOCSCTTY, 1); }
static long leave_terminal(void) { return syscall(SYS_ioctl, 5, TIOCNOTTY); }
static long control_key(void)
{
	char settings[256];

	return syscall(SYS_ioctl, 4, TCGETS, settings);
}
static long read_stderr(void) { return syscall(SYS_read, 2, page, 0L); }
static long read_connection(void) { return syscall(SYS_read, 3, page, 0L); }
static long write_connection(void) { return syscall(SYS_write, 3, "x", 1L); }
static long set_personality(void) { return syscall(SYS_personality, 0x0040000); }
static long watch_files(void) { return syscall(SYS_inotify_init1, 0); }
static long send_file(void) { return syscall(SYS_sendfile, 3, 4, NULL, 1L); }
static long event_fd(void) { return syscall(SYS_eventfd2, 0, 0); }
static long duplicate(void) { return syscall(SYS_dup, 3); }
static long set_owner(void) { return syscall(SYS_fcntl, 3, F_SETOWN, me.parent); }
static long write_document(void) { return syscall(SYS_pwrite64, 4, "x", 1L, 0L); }
static long write_document_plainly(void) { return syscall(SYS_write, 4, "x", 1L); }
static long write_in_store_folder(void)
{
	return syscall(SYS_renameat, AT_FDCWD, me.mail, AT_FDCWD, me.other);
}
static long write_parent(void)
{
	char here[8] = { 0 };
	struct iovec from = { here, sizeof here }, to = { &me, sizeof here };

	return syscall(SYS_process_vm_writev, me.parent, &from, 1L, &to, 1L, 0L);
}
static long take_fd_of_parent(void) { return syscall(SYS_pidfd_getfd, 3, 0, 0); }
static long compare_with_parent(void) { return syscall(SYS_kcmp, me.parent, getpid(), 0, 0L, 0L); }
static long ptrace_sibling(void) { return syscall(SYS_ptrace, PTRACE_ATTACH, getpid(), 0L, 0L); }
static long exec_memory(void)
{
	static char *const argv[] = { true_name, NULL };
	long fd = syscall(SYS_memfd_create, "x", 0);

	return syscall(SYS_execveat, fd < 0 ? 4 : fd, "", argv, NULL, AT_EMPTY_PATH);
}
static long clone_thread(void)
{
	static char stack[4096] __attribute__((aligned(16)));

	return ended_if_child(syscall(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				      CLONE_THREAD, stack + sizeof stack, 0L, 0L, 0L));
}
static long clone_new_net(void)
{
	return ended_if_child(syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0L, 0L, 0L, 0L));
}
static long clone_new_mounts(void)
{
	return ended_if_child(syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0L, 0L, 0L, 0L));
}
static long clone_new_pids(void)
{
	return ended_if_child(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0L, 0L, 0L, 0L));
}
static long unshare_user(void) { return syscall(SYS_unshare, CLONE_NEWUSER); }
static long enter_namespace(void) { return syscall(SYS_setns, 3, 0); }
static long io_uring_entered(void) { return syscall(SYS_io_uring_enter, 4, 1, 0, 0, NULL, 0L); }
static long another_filter(void) { return syscall(SYS_seccomp, 0, 0, NULL); }
static long another_landlock(void) { return syscall(SYS_landlock_restrict_self, 3, 0); }
static long protect_key(void) { return syscall(SYS_pkey_mprotect, page, 4096L, PROT_EXEC, -1); }
static long protect_write(void)
{
	return syscall(SYS_mprotect, page, 4096L, PROT_READ | PROT_WRITE);
}
static long copy_range(void) { return syscall(SYS_copy_file_range, 4, NULL, 3, NULL, 1L, 0); }
static long spliced(void) { return syscall(SYS_splice, 4, NULL, 3, NULL, 1L, 0); }
static long piped(void)
{
	int fd[2];

	return syscall(SYS_pipe2, fd, 0);
}
static long message_queue(void) { return syscall(SYS_msgget, 0x57726974, 0600); }
static long semaphores(void) { return syscall(SYS_semget, 0x57726974, 1, 0600); }
static long named_queue(void) { return syscall(SYS_mq_open, "writ", O_RDONLY, 0, NULL); }
static long new_handler(void) { return syscall(SYS_rt_sigaction, SIGSYS, NULL, NULL, 8L); }
static long new_timer(void) { return syscall(SYS_alarm, 1); }
static long other_processor(void) { return syscall(SYS_sched_setaffinity, 0, 0L, NULL); }
static long watch_all(void) { return syscall(SYS_fanotify_init, 0, 0); }
static long kernel_log(void) { return syscall(SYS_syslog, 3, NULL, 0); }
static long attach_root(void) { return syscall(SYS_pivot_root, me.home, me.home); }
static long tree_opened(void) { return syscall(SYS_open_tree, AT_FDCWD, "/", 0); }
static long xattr_of_mail(void) { return syscall(SYS_getxattr, me.mail, "user.x", NULL, 0L); }
static long lock_vault(void) { return syscall(SYS_flock, 4, 2); }
/* TLS in the kernel, another congestion control, half a connection before it stands. */
static long set_ulp(void) { return syscall(SYS_setsockopt, me.sock, IPPROTO_TCP, 31, "tls", 4L); }
static long set_congestion(void)
{
	return syscall(SYS_setsockopt, me.sock, IPPROTO_TCP, 13, "reno", 5L);
}
static long set_fast_open(void)
{
	return syscall(SYS_setsockopt, me.sock, IPPROTO_TCP, 30, &(int){ 1 }, sizeof(int));
}
/* To an address of its own, as a connection that is only begun by it. */
static long send_elsewhere(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };

	return syscall(SYS_sendto, me.sock, "x", 1L, MSG_FASTOPEN, &to, sizeof to);
}
static long advise_merging(void) { return syscall(SYS_madvise, page, 4096L, MADV_MERGEABLE); }
static long bind_to_device(void)
{
	return syscall(SYS_setsockopt, me.sock, SOL_SOCKET, 25, "lo", 3L);
}
static long hidden_memory(void) { return syscall(SYS_memfd_secret, 0); }
static long other_abi_x32(void) { return syscall(0x40000000 | SYS_getpid); }
static long other_abi_i386(void)
{
	long out;

	__asm__ volatile("int $0x80" : "=a"(out) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	return out;
}

static const struct {
	const char *name;
	long (*run)(void);
} acts[] = {
#define ACT(name) { #name, name }
	ACT(open_passwd), ACT(open_root), ACT(open_stores_yaml), ACT(open_other_account),
	ACT(open_other_by_dots), ACT(open_self_mem), ACT(open_self_environ), ACT(open_self_exe),
	ACT(open_dev_null), ACT(open_by_openat2), ACT(open_by_open), ACT(open_by_handle),
	ACT(create_in_home), ACT(create_in_tmp), ACT(create_in_store), ACT(create_by_creat),
	ACT(create_unnamed), ACT(create_read_only), ACT(write_mail), ACT(append_mail),
	ACT(truncate_by_open), ACT(truncate_mail), ACT(unlink_mail), ACT(rename_mail),
	ACT(rename_mail_2), ACT(link_mail), ACT(symlink_made), ACT(mkdir_made), ACT(mknod_made),
	ACT(chmod_mail), ACT(chown_mail), ACT(utime_mail), ACT(setxattr_mail), ACT(chdir_root),
	ACT(chroot_home), ACT(mount_tmpfs), ACT(socket_inet), ACT(socket_inet6), ACT(socket_unix),
	ACT(socket_pair), ACT(connect_out), ACT(connect_on_connection), ACT(recv_second_job),
	ACT(read_second_job), ACT(exec_true), ACT(exec_at), ACT(fork_made), ACT(clone_made),
	ACT(clone3_made), ACT(clone_new_user), ACT(unshare_net), ACT(ptrace_me), ACT(ptrace_parent),
	ACT(kill_parent), ACT(tgkill_parent), ACT(pidfd_parent), ACT(read_parent), ACT(set_uid),
	ACT(set_groups), ACT(make_dumpable), ACT(rename_self), ACT(widen_limit), ACT(map_exec),
	ACT(map_file), ACT(protect_exec), ACT(io_uring), ACT(io_setup), ACT(bpf_map),
	ACT(user_fault), ACT(perf_event), ACT(key_ring), ACT(add_key), ACT(shared_memory),
	ACT(terminal_input), ACT(set_personality), ACT(watch_files), ACT(send_file), ACT(event_fd),
	ACT(duplicate), ACT(set_owner), ACT(write_document), ACT(write_document_plainly),
	ACT(write_parent), ACT(take_fd_of_parent), ACT(compare_with_parent), ACT(ptrace_sibling),
	ACT(exec_memory), ACT(clone_thread), ACT(clone_new_net), ACT(clone_new_mounts),
	ACT(clone_new_pids), ACT(unshare_user), ACT(enter_namespace), ACT(io_uring_entered),
	ACT(another_filter), ACT(another_landlock), ACT(protect_key), ACT(protect_write),
	ACT(copy_range), ACT(spliced), ACT(piped), ACT(message_queue), ACT(semaphores),
	ACT(named_queue), ACT(new_handler), ACT(new_timer), ACT(other_processor), ACT(watch_all),
	ACT(kernel_log), ACT(attach_root), ACT(tree_opened), ACT(xattr_of_mail), ACT(lock_vault),
	ACT(hidden_memory), ACT(set_ulp), ACT(set_congestion), ACT(set_fast_open),
	ACT(bind_to_device), ACT(send_elsewhere), ACT(advise_merging),
	ACT(write_in_store_folder), ACT(other_abi_x32), ACT(other_abi_i386),
	ACT(type_on_terminal), ACT(take_terminal), ACT(leave_terminal), ACT(control_key),
	ACT(read_stderr), ACT(read_connection), ACT(write_connection),
};

static void say(const char *what, long result)
{
	char text[128];
	int n = snprintf(text, sizeof text, "ACT %s %s %d\n", me.act, what, result < 0 ? errno : 0);

	syscall(SYS_write, 2, text, n);
}

static void act(void)
{
	me.done = 1;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (!strcmp(acts[i].name, me.act)) {
			long result = acts[i].run();

			say(result < 0 ? "refused" : "done", result);
			syscall(SYS_exit_group, 77);
		}
	say("unknown", 0);
	syscall(SYS_exit_group, 78);
}

static void take(char *to, size_t n, const char *name)
{
	const char *value = getenv(name);

	snprintf(to, n, "%s", value ? value : "");
}

static int (*real_load)(void *filter);
static ssize_t (*real_write)(int fd, const void *p, size_t n);
static pid_t (*real_fork)(void);
static int (*real_execveat)(int fd, const char *path, char *const *argv, char *const *envp,
			    int flags);
static int (*real_option)(int fd, int level, int name, const void *p, socklen_t n);
static int (*real_manifest)(void *list, size_t most, size_t *found);
static const char *(*real_path)(const void *device);

__attribute__((constructor)) static void begin(void)
{
	const char *when = getenv("CAGE_WHEN");

	take(me.act, sizeof me.act, "CAGE_ACT");
	take(me.home, sizeof me.home, "CAGE_HOME");
	take(me.store, sizeof me.store, "CAGE_STORE");
	take(me.mail, sizeof me.mail, "CAGE_MAIL");
	take(me.other, sizeof me.other, "CAGE_OTHER");
	take(me.key, sizeof me.key, "CAGE_KEY");
	me.before = when && !strcmp(when, "before");
	me.thread = when && !strcmp(when, "thread");
	me.option = when && !strcmp(when, "option");
	me.tool = when && !strcmp(when, "tool");
	me.parent = getppid();
	me.first = pthread_self();
	*(void **)&real_load = dlsym(RTLD_NEXT, "seccomp_load");
	*(void **)&real_write = dlsym(RTLD_NEXT, "write");
	*(void **)&real_fork = dlsym(RTLD_NEXT, "fork");
	*(void **)&real_execveat = dlsym(RTLD_NEXT, "execveat");
	*(void **)&real_option = dlsym(RTLD_NEXT, "setsockopt");
	*(void **)&real_manifest = dlsym(RTLD_NEXT, "fido_dev_info_manifest");
	*(void **)&real_path = dlsym(RTLD_NEXT, "fido_dev_info_path");
	if (getenv("CAGE_LIST"))
		for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
			puts(acts[i].name);
}

int seccomp_load(void *filter);
/* A tool's stderr leads nowhere: its prisoner keeps the one of the hand. */
pid_t fork(void)
{
	pid_t pid = real_fork();

	if (pid == 0) {
		me.child = 1;
		me.heard = fcntl(2, F_DUPFD, 100);
	}
	return pid;
}

int seccomp_load(void *filter)
{
	int rc;

	if (me.child)
		dup2(me.heard, 2);
	rc = real_load(filter);

	me.loaded = rc == 0;
	return rc;
}

/* The hand clears its environment early, before Landlock and seccomp. */
int clearenv(void)
{
	if (me.before && *me.act)
		act();
	environ = NULL;
	return 0;
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (me.loaded && !me.done && *me.act && !me.option && !me.tool && !me.child &&
	    (!me.thread || !pthread_equal(me.first, pthread_self())))
		act();
	return real_write ? real_write(fd, p, n) : syscall(SYS_write, fd, p, n);
}

int execveat(int fd, const char *path, char *const *argv, char *const *envp, int flags)
{
	if (me.loaded && me.child && me.tool && *me.act)
		act();
	return real_execveat(fd, path, argv, envp, flags);
}

int setsockopt(int fd, int level, int name, const void *p, socklen_t n)
{
	if (me.loaded && !me.done && *me.act && me.option) {
		me.sock = fd;
		act();
	}
	return real_option(fd, level, name, p, n);
}

/* The machine is searched as ever, and what that leaves open is there; then one is found. */
int fido_dev_info_manifest(void *list, size_t most, size_t *found);
int fido_dev_info_manifest(void *list, size_t most, size_t *found)
{
	int rc = real_manifest(list, most, found);

	if (*me.key)
		*found = 1;
	return *me.key ? 0 : rc;
}

const char *fido_dev_info_path(const void *device);
const char *fido_dev_info_path(const void *device)
{
	return *me.key ? me.key : real_path(device);
}
