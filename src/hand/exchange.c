/*
 * The exchange; see exchange.h. libcurl finds the host and connects outside the cage (a transfer
 * that ends once the connection stands), and inside it is handed that one socket: there it can make
 * no second one, whatever an answer says. SPDX-License-Identifier: Apache-2.0
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "hand/exchange.h"

#define CONNECT_MOST_MS 15000L
#define WAIT_MS 1000

struct exchange {
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers, *resolved;
	int sock;                       /* ours until curl has taken it */
	bool taken, too_long;
	size_t max_bytes;
	struct buf answer;
	char words[CURL_ERROR_SIZE];
};

/* Host, port and scheme of a URL as curl understands it, so that both transfers mean the same. */
struct place {
	char *host, *port, *connect_url;
	CURLU *url;
};

static void place_close(struct place *p)
{
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->connect_url);
	curl_url_cleanup(p->url);
}

static enum err place_find(struct ctx *c, const char *url, struct place *out)
{
	char *user = NULL;

	out->url = curl_url();
	if (!out->url || curl_url_set(out->url, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(out->url, CURLUPART_HOST, &out->host, 0) != CURLUE_OK ||
	    curl_url_get(out->url, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    !*out->host)
		FAIL(c, ERR_FORMAT, "the url in addresses.yaml is none");
	if (curl_url_get(out->url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		curl_free(user);
		FAIL(c, ERR_FORMAT, "the url in addresses.yaml has a user's name: leave it out");
	}
	/* For the connection alone: TLS is spoken inside the cage. */
	if (curl_url_set(out->url, CURLUPART_PORT, out->port, 0) != CURLUE_OK ||
	    curl_url_set(out->url, CURLUPART_SCHEME, "http", 0) != CURLUE_OK ||
	    curl_url_set(out->url, CURLUPART_PATH, "/", 0) != CURLUE_OK ||
	    curl_url_set(out->url, CURLUPART_QUERY, NULL, 0) != CURLUE_OK ||
	    curl_url_get(out->url, CURLUPART_URL, &out->connect_url, 0) != CURLUE_OK)
		FAIL(c, ERR_FORMAT, "the url in addresses.yaml is none");
	return ERR_OK;
}

#define SET(easy, option, value)                                                                   \
	do {                                                                                       \
		if (curl_easy_setopt((easy), CURLOPT_##option, (value)) != CURLE_OK)               \
			FAIL(c, ERR_FAILED, "libcurl does not know " #option);                     \
	} while (0)

static enum err set_common(struct ctx *c, CURL *easy, char *words)
{
	SET(easy, ERRORBUFFER, words);
	SET(easy, NOSIGNAL, 1L);
	SET(easy, PROXY, "");
	SET(easy, NOPROXY, "*");
	SET(easy, PROTOCOLS_STR, "http,https");
	SET(easy, FOLLOWLOCATION, 0L);
	SET(easy, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return ERR_OK;
}

static enum err unreachable(struct ctx *c, const char *words, CURLcode rc)
{
	err_next(c, "see that the address in addresses.yaml answers, then run the same command "
		    "again");
	FAIL(c, ERR_AGAIN, "the timestamp authority cannot be reached: %s",
	     *words ? words : curl_easy_strerror(rc));
}

static void easy_close(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

/* Finds the host and connects. The socket outlives curl's handle, and the address that it is
 * connected with stands in *ip_out (of the arena). */
static enum err connect_first(struct ctx *c, const char *url, long most_ms, int *sock_out,
			      char **ip_out)
{
	__attribute__((cleanup(easy_close))) CURL *easy = curl_easy_init();
	char words[CURL_ERROR_SIZE] = "", *ip = NULL;
	curl_socket_t sock = CURL_SOCKET_BAD;
	CURLcode rc;

	if (!easy)
		FAIL(c, ERR_NOMEM, "no memory for a connection");
	TRY(set_common(c, easy, words));
	SET(easy, URL, url);
	SET(easy, CONNECT_ONLY, 1L);
	SET(easy, CONNECTTIMEOUT_MS, most_ms < CONNECT_MOST_MS ? most_ms : CONNECT_MOST_MS);
	rc = curl_easy_perform(easy);
	if (rc != CURLE_OK || curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &sock) != CURLE_OK ||
	    sock == CURL_SOCKET_BAD || curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip) ||
	    !ip)
		return unreachable(c, words, rc);
	TRY(span_cstr(c, span_str(ip), ip_out));
	*sock_out = fcntl(sock, F_DUPFD_CLOEXEC, 0);
	if (*sock_out < 0)
		FAIL(c, ERR_IO, "cannot keep a connection: %s", strerror(errno));
	return ERR_OK;
}

/* ---- what curl calls in the cage ---- */

#ifndef WRIT_SANITIZED
static curl_socket_t hand_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *x = of;

	(void)purpose;
	(void)address;
	if (x->taken)
		return CURL_SOCKET_BAD;
	x->taken = true;
	return x->sock;
}
#endif

static size_t take(char *p, size_t one, size_t n, void *of)
{
	struct exchange *x = of;

	if (n > x->max_bytes - x->answer.n) {
		x->too_long = true;
		return 0;
	}
	buf_add(&x->answer, span_of(p, one * n));
	return one * n;
}

static enum err set_transfer(struct ctx *c, struct exchange *x, const char *url,
			     const struct address *to, struct span ca_pem, struct span posted)
{
	struct curl_blob ca = { (void *)(uintptr_t)ca_pem.p, ca_pem.n, CURL_BLOB_COPY };

	TRY(set_common(c, x->easy, x->words));
	x->headers = curl_slist_append(NULL, "Content-Type: application/timestamp-query");
	x->headers = x->headers ? curl_slist_append(x->headers, "Expect:") : NULL;
	if (!x->headers)
		FAIL(c, ERR_NOMEM, "no memory for a transfer");
	SET(x->easy, URL, url);
	SET(x->easy, HTTPHEADER, x->headers);
	SET(x->easy, POSTFIELDSIZE, (long)posted.n);
	SET(x->easy, POSTFIELDS, posted.p);
	SET(x->easy, RESOLVE, x->resolved);
	SET(x->easy, TIMEOUT_MS, (long)to->timeout_s * 1000);
#ifndef WRIT_SANITIZED /* without a cage, connect would be heard by the kernel */
	SET(x->easy, OPENSOCKETFUNCTION, hand_socket);
	SET(x->easy, OPENSOCKETDATA, x);
#endif
	SET(x->easy, WRITEFUNCTION, take);
	SET(x->easy, WRITEDATA, x);
	SET(x->easy, FORBID_REUSE, 1L);
	if (ca_pem.n == 0)
		return ERR_OK;
	SET(x->easy, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(x->easy, SSL_VERIFYPEER, 1L);
	SET(x->easy, SSL_VERIFYHOST, 2L);
	SET(x->easy, CAPATH, NULL);
	SET(x->easy, CAINFO_BLOB, &ca);
	return ERR_OK;
}

/* The name is resolved once, outside; inside curl finds the answer in its own memory. */
static enum err remember_host(struct ctx *c, struct exchange *x, const struct place *at,
			      const char *ip)
{
	bool six = strchr(ip, ':') != NULL;
	struct span entry;
	char *z;

	if (at->host[0] == '[')
		return ERR_OK;
	TRY(span_fmt(c, &entry, "%s:%s:%s%s%s", at->host, at->port, six ? "[" : "", ip,
		     six ? "]" : ""));
	TRY(span_cstr(c, entry, &z));
	x->resolved = curl_slist_append(NULL, z);
	if (!x->resolved)
		FAIL(c, ERR_NOMEM, "no memory for a transfer");
	return ERR_OK;
}

enum err exchange_open(struct ctx *c, const struct address *to, struct span ca_pem,
		       struct span posted, struct exchange **out)
{
	__attribute__((cleanup(place_close))) struct place at = { .url = NULL };
	struct exchange *x;
	char *url, *ip;

	*out = NULL;
	signal(SIGPIPE, SIG_IGN);
	tzset(); /* libcrypto's calendar asks for the zone's file, also where it counts in UTC */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		FAIL(c, ERR_FAILED, "libcurl does not start");
	TRY(NEW(c, x));
	x->sock = -1;
	*out = x;
	TRY(span_cstr(c, to->url, &url));
	TRY(place_find(c, url, &at));
	TRY(connect_first(c, at.connect_url, (long)to->timeout_s * 1000, &x->sock, &ip));
	TRY(remember_host(c, x, &at, ip));
	x->easy = curl_easy_init();
	x->multi = curl_multi_init();
	if (!x->easy || !x->multi)
		FAIL(c, ERR_NOMEM, "no memory for a transfer");
	TRY(set_transfer(c, x, url, to, ca_pem, posted));
	if (curl_multi_add_handle(x->multi, x->easy) != CURLM_OK)
		FAIL(c, ERR_FAILED, "libcurl does not take the transfer");
	return ERR_OK;
}

int exchange_socket(const struct exchange *x)
{
	return x->sock;
}

static enum err failed(struct ctx *c, const struct exchange *x, CURLcode rc)
{
	if (x->too_long)
		FAIL(c, ERR_LIMIT, "the timestamp authority answers with more than %zu bytes",
		     x->max_bytes);
	if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
	    rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_CIPHER)
		FAIL(c, ERR_VERIFY, "the timestamp authority's TLS is not to be trusted: %s",
		     *x->words ? x->words : curl_easy_strerror(rc));
	return unreachable(c, x->words, rc);
}

static enum err run(struct ctx *c, struct exchange *x, CURLcode *rc_out)
{
	CURLMsg *message;
	int running = 1, left;

	while (running) {
		if (curl_multi_perform(x->multi, &running) != CURLM_OK ||
		    (running &&
		     curl_multi_poll(x->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK))
			FAIL(c, ERR_FAILED, "libcurl cannot go on");
	}
	message = curl_multi_info_read(x->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		FAIL(c, ERR_FAILED, "libcurl ends without a result");
	*rc_out = message->data.result;
	return ERR_OK;
}

enum err exchange_do(struct ctx *c, struct exchange *x, size_t max_bytes, struct span *answer_out)
{
	CURLcode rc = CURLE_OK;
	long status = 0;

	x->max_bytes = max_bytes;
	buf_begin(&x->answer, c, max_bytes);
	TRY(run(c, x, &rc));
	if (rc != CURLE_OK)
		return failed(c, x, rc);
	if (curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    status != 200) {
		err_next(c, "see that the url in addresses.yaml is that of the authority itself: "
			    "redirects are not followed");
		FAIL(c, status >= 500 ? ERR_AGAIN : ERR_FAILED,
		     "the timestamp authority answers with HTTP status %ld", status);
	}
	return buf_done(c, &x->answer, answer_out);
}

void exchange_close(struct exchange **out)
{
	struct exchange *x = *out;

	if (!x)
		return;
	if (x->multi && x->easy)
		curl_multi_remove_handle(x->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_multi_cleanup(x->multi);
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->resolved);
	if (!x->taken)
		fd_close(&x->sock);
	*out = NULL;
}
