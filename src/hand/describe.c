/*
 * The describe job: what each store of this home is, for the order's law and for 'writ doctor'. No
 * path, no credential, nothing of what lies inside; it needs no ticket and reads nothing from
 * outside.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/address.h"
#include "hand/cage_landlock.h"
#include "hand/job.h"
#include "hand/ticket.h"

enum err job_describe(struct ctx *c, struct job *job)
{
	struct stores stores;
	struct json *list, *addresses;
	struct home home;

	TRY(home_find(c, job->home_dir, &home));
	TRY(home_stores(c, &home, &stores, NULL));
	TRY(stores_describe(c, &stores, &list));
	TRY(addresses_describe(c, &home, &addresses));
	json_set(c, job->answer, "stores", list);
	json_set(c, job->answer, "addresses", addresses);
	json_set_int(c, job->answer, "landlock_abi", landlock_level());
	return c->code;
}
