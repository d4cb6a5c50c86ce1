/*
 * What is known about a request once everything has been looked at and nothing decided: check.def
 * asks its questions of this struct alone. Zero is the fact that harms nobody; what could not be
 * looked at, because something before it was amiss, is left as facts_begin made it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_FACTS_H
#define SEAL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts {
	/* who asks, and under which number */
	bool caller_may, number_used;
	int64_t now;                    /* UTC s, as all times here */
	bool halted;

	/* the document that people signed */
	bool doc_malformed, doc_other_kind;
	int64_t made_at, good_until, good_for, good_for_most;

	/* its signatures */
	size_t signatures, keys, people, native_people, people_needed;
	bool sig_malformed, sig_broken, sig_other_namespace;
	bool key_unknown, key_early, key_ended, key_unverified, key_may_not, counter_behind;

	/* the order and its ticket */
	bool order_void, order_destroyed, order_released;
	bool ticket_unknown, ticket_counts, ticket_replaced, ticket_destroyed;
	int64_t ticket_expires_at;
	int64_t rests_on;               /* when the seal made the document that this one needs */
	bool receipt_there, receipt_missing;

	/* ticket */
	bool for_unknown, for_count, count_signed, count_replaces;
	bool other_live_ticket, replaces_other, replaces_dead;
	int64_t count_lines, counts_today, counts_most;
	size_t overrules;

	/* receipt */
	bool header_malformed, header_foreign;
	size_t header_stanzas;
	bool payload_impossible, lines_outside_scope, lines_missing, totals_differ;

	/* statement */
	bool return_malformed, return_order, return_scope, return_ticket, return_manifest,
		return_tagmanifest;
	bool return_items, return_bytes, return_undated, return_lines, return_receipt;
	bool return_provider, return_agency, return_separation, return_papers, notice_missing;
	size_t recipients;
	bool recipient_twice, recipient_unknown, recipient_of_another, recipient_early,
		recipient_ended;

	/* release */
	bool statement_unknown, statement_replaced, policy_changed, roster_changed,
		decider_approves;
	int64_t statement_expires_at, epoch_then, epoch_now, approvals, native_approvals;

	/* roster */
	int64_t version_said, version_now;
	bool action_unknown, row_malformed, row_absent, key_of_another, key_there, label_there,
		agency_key_there;
	bool policy_unknown, policy_out_of_range;
	int64_t approvals_wanted, roster_people_left, approve_people_left, approvals_after;
	size_t others_signing, others_there;
	bool founding_differs;

	/* void, destroy, halt, resume */
	bool nothing_named, decision_not_refusing, ticket_of_another, destroy_too_early;
	bool epoch_differs, halted_already, not_halted;

	/* tick, sign */
	int64_t tick_size, tick_size_own, tick_count, tick_file_bytes;
	bool sign_unknown;

	char words[512];                /* of the first thing that was not well formed */
};

void facts_begin(struct facts *f, int64_t now);

#endif
