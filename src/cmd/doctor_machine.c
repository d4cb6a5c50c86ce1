/*
 * writ doctor: the machine around a home. Users and folders, what the cage needs of the kernel,
 * zones, fonts, tools for papers, disk, clock, and when it was last copied and verified. Looks, and
 * touches nothing. SPDX-License-Identifier: Apache-2.0
 */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hidraw.h"
#include "base/zone.h"
#include "cmd/cmd.h"
#include "cmd/doctor.h"
#include "format/time.h"
#include "log/log.h"
#include "order/backup.h"
#include "order/health.h"
#include "order/pdf.h"
#include "order/reading.h"

#define DISK_WANTED ((uint64_t)10 << 30)
#define BACKUP_DAYS 2

static void examine_users(struct examination *e, const struct session *s)
{
	static const char *const users[] = { "writ", "writ-seal", "writ-hand" };
	int wrong = 0;

	if (s->home.single_user)
		return; /* told with the seal's own word on it */
	for (size_t i = 0; i < COUNT_OF(users); i++)
		if (!getpwnam(users[i])) {
			doctor_find(e, MISSING, "users", "there is no user %s (systemd-sysusers)",
				    users[i]);
			wrong++;
		}
	if (!getgrnam("writ-staff")) {
		doctor_find(e, MISSING, "users", "there is no group writ-staff (systemd-sysusers)");
		wrong++;
	}
	/* What this program must not reach. */
	for (const char *const *path =
		     (const char *const[]){ s->home.seal_state, s->home.stores, NULL };
	     *path; path++)
		if (access(*path, R_OK) == 0) {
			doctor_find(e, MISSING, "walls",
			     "the user writ can read %s, which must be closed to it "
			     "(systemd-tmpfiles --create)",
			     *path);
			wrong++;
		}
	if (!wrong)
		doctor_find(e, GOOD, "users",
			    "three users, and writ reads neither the seal nor stores.yaml");
}

/* Nobody else may write in a home, and nobody else look into papers and vault. */
static void examine_folders(struct examination *e, const struct session *s)
{
	const struct {
		const char *path;
		mode_t never;
	} folders[] = {
		{ s->home.dir, 022 },  { s->home.log, 022 },   { s->home.blob, 077 },
		{ s->home.vault, 077 }, { s->home.db, 077 },
	};
	int wrong = 0;

	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		struct stat st;

		if (stat(folders[i].path, &st) != 0) {
			doctor_find(e, MISSING, "folders", "%s is missing", folders[i].path);
			wrong++;
		} else if (st.st_uid != geteuid() || (st.st_mode & folders[i].never)) {
			doctor_find(e, MISSING, "folders",
			     "%s belongs to user %u with mode %04o; it must be %s's alone (chown, "
			     "chmod go-%s)",
			     folders[i].path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
			     s->home.single_user ? "you" : "writ",
			     folders[i].never == 022 ? "w" : "rwx");
			wrong++;
		}
	}
	if (!wrong)
		doctor_find(e, GOOD, "folders", "nobody else writes in %s", s->home.dir);
}

static enum err examine_kernel(struct examination *e)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		doctor_find(e, MISSING, "seccomp",
			    "this kernel has no seccomp: no hand can be caged");
	else
		doctor_find(e, GOOD, "seccomp", "this kernel filters system calls");
	if (zone_check(e->c, SPAN("Europe/Paris")) != ERR_OK) {
		doctor_find(e, MISSING, "zones",
		     "no time zones are installed: no day of an order has a beginning (package "
		     "tzdata)");
		err_clear(e->c);
	} else {
		doctor_find(e, GOOD, "zones", "time zones are installed");
	}
	return ERR_OK;
}

/* What no machine here can draw is better found before a letter is due. */
static void examine_letters(struct examination *e, struct session *s)
{
	const struct pdf_page page = { .title = SPAN("doctor"), .reference = SPAN("doctor") };
	struct span pdf;
	int64_t missing;

	if (pdf_of_text(e->c, s, &page, SPAN("Letters are drawn.\n"), &pdf, &missing) != ERR_OK) {
		doctor_find(e, MISSING, "letters", "%s", e->c->why);
		err_clear(e->c);
	} else if (missing) {
		doctor_find(e, MISSING, "letters",
			    "no font has Latin letters (packages fonts-noto-core, "
			    "fonts-dejavu-core)");
	} else {
		doctor_find(e, GOOD, "letters", "can be drawn as PDF");
	}
}

/* Without it papers are kept all the same, and are to be opened elsewhere. */
static void examine_papers(struct examination *e, struct session *s)
{
	if (reading_try(e->c, s) == ERR_OK) {
		doctor_find(e, GOOD, "papers", "can be read: PDF and scans");
		return;
	}
	doctor_find(e, REMARK, "papers", "%s (%s)", e->c->why,
		    e->c->next[0] ? e->c->next : "packages poppler-utils, tesseract-ocr");
	err_clear(e->c);
}

static void examine_disk(struct examination *e, const struct session *s)
{
	struct statvfs fs;
	uint64_t left;

	if (statvfs(s->home.dir, &fs) != 0) {
		doctor_find(e, MISSING, "disk", "how much room %s has cannot be told", s->home.dir);
		return;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	doctor_find(e,
		    left < HEALTH_DISK_NEEDED ? MISSING
		    : left < DISK_WANTED      ? REMARK
					      : GOOD,
		    "disk", "%llu MB are free at %s", (unsigned long long)(left >> 20),
		    s->home.dir);
}

static enum err examine_clock(struct examination *e, struct session *s)
{
	struct store_value last[2], tick[4];
	int64_t now_ms = e->c->seam->now_ms();
	bool found;

	TRY(store_one(e->c, s->store, QUERY_TICK_LAST, PARAMS_NONE, last, 2, &found));
	if (found)
		TRY(store_one(e->c, s->store, QUERY_TICK_GET, PARAMS(P_INT(last[0].i)), tick, 4,
			      &found));
	if (found && tick[0].i > now_ms + LOG_BEHIND_MS)
		doctor_find(e, MISSING, "clock",
			    "this machine's clock stands %lld s behind the last tick",
			    (long long)(tick[0].i - now_ms) / 1000);
	else if (!s->home.single_user && file_exists("/run/systemd/timesync") &&
		 !file_exists("/run/systemd/timesync/synchronized"))
		doctor_find(e, REMARK, "clock",
			    "no time server has set this machine's clock (timedatectl)");
	else
		doctor_find(e, GOOD, "clock", "not behind the log");
	return ERR_OK;
}

static enum err examine_mark(struct examination *e, const struct session *s, const char *name,
			     int days, const char *command)
{
	int64_t now = e->c->seam->now_ms() / 1000, at;
	struct span ago;

	TRY(mark_get(e->c, s, name, &at));
	if (at == 0) {
		doctor_find(e, REMARK, name, "never done here (%s)", command);
		return ERR_OK;
	}
	TRY(time_ago(e->c, at, now, &ago));
	doctor_find(e, now - at > days * DAY_S ? REMARK : GOOD, name, "%.*s (%s)", SPAN_ARG(ago),
		    command);
	return ERR_OK;
}

/* Who signs on the command line with a security key starts writ-touch as itself: through sudo
 * nobody can tell whose key that would be. */
static enum err examine_keys(struct examination *e, const struct session *s)
{
	const char *closed = NULL;
	char *program, *node;
	int keys = 0;

	if (home_program(e->c, "writ-touch", &program) != ERR_OK) {
		err_clear(e->c);
		doctor_find(e, REMARK, "security-keys",
			    "writ-touch is not installed: nobody can sign with a security key on "
			    "the command line (install all programs of writ together)");
		return ERR_OK;
	}
	if (!s->home.single_user && getenv("SUDO_UID")) {
		doctor_find(e, GOOD, "security-keys",
			    "writ-touch is installed; whoever signs opens its own key as itself");
		return ERR_OK;
	}
	for (int i = 0; i < HIDRAW_MOST; i++) {
		TRY(hidraw_key(e->c, i, &node));
		keys += node != NULL;
		if (node && access(node, R_OK | W_OK) != 0)
			closed = node;
	}
	if (closed)
		doctor_find(e, REMARK, "security-keys",
			    "a security key is plugged in, and you may not open %s: log in at the "
			    "machine itself, or have its administrator add a udev rule for you "
			    "(writ-touch(8))",
			    closed);
	else if (keys)
		doctor_find(e, GOOD, "security-keys", "one is plugged in, and you may use it");
	else
		doctor_find(e, GOOD, "security-keys",
			    "writ-touch is installed; no key is plugged in now");
	return ERR_OK;
}

enum err examine_machine(struct examination *e, struct session *s)
{
	examine_users(e, s);
	examine_folders(e, s);
	TRY(examine_kernel(e));
	examine_letters(e, s);
	examine_papers(e, s);
	TRY(examine_keys(e, s));
	examine_disk(e, s);
	TRY(examine_clock(e, s));
	TRY(examine_mark(e, s, "backup", BACKUP_DAYS, "writ backup --out FILE"));
	return examine_mark(e, s, "verify", HEALTH_VERIFY_DAYS, "writ log verify");
}
