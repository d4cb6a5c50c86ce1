/*
 * The delivered file for its recipient: an address that nobody guesses, made by staff and shown
 * once, good for some days and for a few times the file's bytes, and for nobody any more when it is
 * ended. The file is locked to the recipient's key, so the address opens nothing; only its hash is
 * kept. Whatever is wrong with an address, the answer is one and the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "order/vault.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"
#include "web/range.h"

#define CODE_BYTES 32u
#define DAY_S 86400
#define ENDING ".writ.tar"      /* of a delivered file, after its order's reference */
#define DAYS_MAX 14
#define WHOLE_TIMES 5           /* so often the whole file; what broke off goes on from there */
#define LINKS_MAX 10u

/* ---- staff: making and ending ---- */

static enum err size_of(struct visit *v, struct span ref, int64_t *out)
{
	struct stat st;
	char *path;

	TRY(delivered_path(v->c, &v->s.home, ref, &path));
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		err_next(v->c, "deliver it here first; what is delivered again is the same file");
		FAIL(v->c, ERR_NOT_FOUND, "the delivered file is not here");
	}
	*out = st.st_size;
	return ERR_OK;
}

struct links {
	struct page_link_row *list;
	size_t n;
};

static enum err take_link(struct ctx *c, void *of, const struct store_row *row)
{
	const struct store_value *x = row->v;
	struct links *l = of;
	struct page_link_row *to;

	if (l->n == LINKS_MAX)
		return ERR_OK;
	to = &l->list[l->n++];
	*to = (struct page_link_row){ .made = x[2].i, .until = x[3].i, .left = x[4].i,
				      .fetches = x[5].i, .fetched = x[5].i > 0, .last = x[6].i };
	TRY(span_copy(c, x[0].s, &to->id));
	return span_copy(c, x[1].s, &to->made_by);
}

static enum err find_links(struct visit *v, struct links *out)
{
	*out = (struct links){ .n = 0 };
	TRY(NEW_ARRAY(v->c, out->list, LINKS_MAX));
	return store_run(v->c, v->desk->store, QUERY_PICKUP_OF,
			 PARAMS(P_TEXT(v->order.ref), P_INT(v->r->now_ms / 1000)), take_link, out);
}

static enum err make(struct visit *v, int64_t size, struct span *address_out)
{
	int64_t days, now = v->r->now_ms / 1000;
	unsigned char bytes[CODE_BYTES];
	struct span code, id;
	struct links there;

	if (!span_to_i64(typed(v, "days"), &days) || days < 1 || days > DAYS_MAX) {
		err_next(v->c, "choose how long it is good for");
		FAIL(v->c, ERR_USAGE, "an address is good for 1 to %d days", DAYS_MAX);
	}
	TRY(find_links(v, &there));
	if (there.n == LINKS_MAX) {
		err_next(v->c, "end one that nobody needs any more");
		FAIL(v->c, ERR_LIMIT, "this order has %u addresses already", LINKS_MAX);
	}
	if (v->c->seam->random(bytes, sizeof bytes) != 0)
		FAIL(v->c, ERR_IO, "the machine gives no randomness");
	TRY(b64url_encode(v->c, span_of(bytes, sizeof bytes), &code));
	TRY(sha256_hex(v->c, code, &id));
	TRY(store_run(v->c, v->desk->store, QUERY_PICKUP_ADD,
		      PARAMS(P_TEXT(id), P_TEXT(v->order.ref), P_TEXT(v->who->name), P_INT(now),
			     P_INT(now + days * DAY_S), P_INT(size * WHOLE_TIMES)),
		      NULL, NULL));
	TRY(access_note(v->c, v->desk->store, "made an address", v->who->name, v->order.ref,
			span_cut(id, 0, 8)));
	return span_fmt(v->c, address_out, "%.*s/pickup/%.*s", SPAN_ARG(v->r->origin),
			SPAN_ARG(code));
}

static enum err end(struct visit *v)
{
	TRY(store_run(v->c, v->desk->store, QUERY_PICKUP_REMOVE,
		      PARAMS(P_TEXT(typed(v, "end")), P_TEXT(v->order.ref)), NULL, NULL));
	if (store_changed(v->desk->store) == 0)
		return ERR_OK;
	return access_note(v->c, v->desk->store, "ended an address", v->who->name, v->order.ref,
			   span_cut(typed(v, "end"), 0, 8));
}

static enum err change(struct visit *v, int64_t size, struct span *address_out)
{
	if (typed(v, "end").n)
		return end(v);
	return make(v, size, address_out);
}

enum err links_page(struct visit *v)
{
	struct page_links page = { .view = v->view };
	struct links links;
	struct buf b;

	if (!v->order.delivered) {
		err_next(v->c, "it is delivered once it is released");
		FAIL(v->c, ERR_STATE, "this order has not been delivered");
	}
	TRY(size_of(v, v->order.ref, &page.size));
	if (is_post(v))
		TRY(step_failed(v, change(v, page.size, &page.address)));
	TRY(find_links(v, &links));
	TRY(order_head(v, &page.order, NULL));
	page.problem = v->problem;
	page.remedy = v->remedy;
	page.links = links.list;
	page.links_n = links.n;
	visit_buf(v, &b);
	TRY(page_links(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

/* ---- what is kept for them ---- */

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A file that is being written, or that staff have not fetched yet, is younger. */
static enum err sweep_one(struct ctx *c, const struct desk *d, int64_t now_utc, struct span name)
{
	struct span ref = span_cut(name, 0, name.n - strlen(ENDING));
	struct store_value open;
	struct stat st;
	char *path;

	TRY(delivered_path(c, &d->home, ref, &path));
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_mtime > now_utc - DAY_S)
		return ERR_OK;
	TRY(store_one(c, d->store, QUERY_PICKUP_OPEN, PARAMS(P_TEXT(ref), P_INT(now_utc)), &open, 1,
		      NULL));
	return open.i > 0 ? ERR_OK : file_remove(c, path);
}

enum err delivered_sweep(struct ctx *c, const struct desk *d, int64_t now_utc)
{
	__attribute__((cleanup(dir_close))) DIR *dir = opendir(d->home.delivered);
	const struct dirent *entry;

	if (!dir && errno == ENOENT)
		return ERR_OK;
	if (!dir)
		FAIL(c, ERR_IO, "cannot open %s: %s", d->home.delivered, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (span_ends(span_str(entry->d_name), ENDING))
			TRY(sweep_one(c, d, now_utc, span_str(entry->d_name)));
	return ERR_OK;
}

/* ---- the recipient ---- */

struct pickup {
	struct span id, ref;
	int64_t ends_utc, size;
	char *path;
};

static enum err nothing_here(struct visit *v)
{
	err_clear(v->c);
	err_next(v->c, "ask the provider's duty desk for a new address");
	FAIL(v->c, ERR_NOT_FOUND, "nothing is to be fetched at this address");
}

/* Guessed, ended, over, used up, or its file gone: one answer. */
static enum err find(struct visit *v, struct pickup *out)
{
	int64_t now = v->r->now_ms / 1000;
	struct store_value row[6];
	struct stat st;
	bool found;

	TRY(sha256_hex(v->c, v->r->args[0], &out->id));
	TRY(store_one(v->c, v->desk->store, QUERY_PICKUP_GET, PARAMS(P_TEXT(out->id), P_INT(now)),
		      row, COUNT_OF(row), &found));
	if (!found)
		return nothing_here(v);
	out->ref = row[0].s;
	out->ends_utc = row[3].i;
	TRY(delivered_path(v->c, &v->s.home, out->ref, &out->path));
	if (stat(out->path, &st) != 0 || !S_ISREG(st.st_mode))
		return nothing_here(v);
	out->size = st.st_size;
	return ERR_OK;
}

enum err pickup_page(struct visit *v)
{
	struct page_pickup page = { .view = v->view };
	struct pickup p;
	struct buf b;

	TRY(find(v, &p));
	page.reference = p.ref;
	page.size = p.size;
	page.until = p.ends_utc;
	TRY(span_fmt(v->c, &page.name, "%.*s.writ.tar", SPAN_ARG(p.ref)));
	TRY(span_fmt(v->c, &page.file, "%.*s/file", SPAN_ARG(v->r->path)));
	visit_buf(v, &b);
	TRY(page_pickup(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

/* What goes out is counted before it goes. */
static enum err count_fetch(struct visit *v, const struct pickup *p, struct span tag)
{
	struct range part = range_of(web_header(v->r, "Range"), web_header(v->r, "If-Range"), tag,
				     p->size);
	struct span told;

	TRY(store_run(v->c, v->desk->store, QUERY_PICKUP_TAKE,
		      PARAMS(P_TEXT(p->id), P_INT(part.bytes), P_INT(v->r->now_ms / 1000)), NULL,
		      NULL));
	if (store_changed(v->desk->store) == 0)
		return nothing_here(v);
	TRY(span_fmt(v->c, &told, "%.*s: %lld bytes from %lld", SPAN_ARG(span_cut(p->id, 0, 8)),
		     (long long)part.bytes, (long long)part.from));
	return access_note(v->c, v->desk->store, "fetched", SPAN_NONE, p->ref, told);
}

enum err pickup_file(struct visit *v)
{
	struct span tag, name;
	struct pickup p;
	int fd;

	TRY(find(v, &p));
	/* The delivered file of an order is the same for ever; a broken fetch goes on in it. */
	TRY(sha256_hex(v->c, p.ref, &tag));
	if (!v->r->head && !range_has_etag(web_header(v->r, "If-None-Match"), tag))
		TRY(count_fetch(v, &p, tag));
	TRY(span_fmt(v->c, &name, "%.*s.writ.tar", SPAN_ARG(p.ref)));
	TRY(file_open(v->c, p.path, O_RDONLY, 0, &fd));
	return answer_file(v->r, v->a, fd, "application/x-tar", tag, name);
}
